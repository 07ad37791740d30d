import { describe, expect, it } from 'vitest';
import type { BatchDefinition, Storage } from '../../storage/types.ts';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { CLAIM_ALL, enqueue, runsOf, statusOf } from './background.ts';
import { FORCE, oneProcess, twoProcesses } from './two-processes.ts';
import { batchOf, expand, NEW_BATCH, withBatch } from './with-batch.ts';

const KEY = { client: 'support', key: 'night', requestHash: 'hash' };
const DAY_SECONDS = 24 * 3600;

export function describeBatches(kind: StorageKind) {
  describe('batches.create', () => {
    it('stores a batch whose tickets are not queued yet', async () => {
      const { ours, theirs } = await withBatch(kind);
      expect(await batchOf(theirs)).toEqual(NEW_BATCH);
      expect(Object.keys((await batchOf(theirs)) ?? {})).toEqual(Object.keys(NEW_BATCH));
      expect(await statusOf(ours)).toBe('new');
    });

    it.each<[BatchDefinition]>([
      [{ ids: [3, 1] }],
      [{ filter: {} }],
      [{ filter: { status: ['new'], createdAfter: new Date(0), q: '"ß' } }],
    ])('keeps the definition %j', async (definition) => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.batches.create({ definition, force: true, total: 7 });
      const open = { id: 1, definition, cursor: null, isExpanded: false, isCancelled: false };
      expect(await theirs.batches.findOpen()).toEqual([open]);
    });

    it('creates one batch for a key within a day, also when two processes use it at once', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      const create = ({ batches }: Storage, key = KEY) =>
        batches.create({ definition: { ids: [1] }, force: false, total: 1 }, key);
      const created = await Promise.all(Array.from({ length: 20 }, (_, n) => create(n % 2 ? ours : theirs)));
      expect(new Set(created.map((answer) => answer?.batch.id))).toEqual(new Set([created[0]?.batch.id]));
      expect(created.filter((answer) => answer?.isReplay === false)).toHaveLength(1);
      expect(await create(ours, { ...KEY, requestHash: 'other' })).toBeUndefined();
      expect(await create(ours, { ...KEY, client: 'crm' })).toMatchObject({ isReplay: false });
      await database.letTimePass(DAY_SECONDS + 1);
      expect(await create(ours)).toMatchObject({ isReplay: false });
      expect(await create(theirs)).toMatchObject({ isReplay: true });
      expect(await ours.batches.list({ limit: 10 })).toHaveLength(3);
    });
  });

  describe('batches.list', () => {
    it('lists batches in pages, newest first', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      for (const total of [1, 2, 3]) await ours.batches.create({ definition: { filter: {} }, force: false, total });
      const page = await theirs.batches.list({ limit: 2 });
      expect(page.map(({ total }) => total)).toEqual([3, 2]);
      expect(await theirs.batches.list({ limit: 2, before: page[1]?.id })).toMatchObject([{ total: 1, queued: 1 }]);
    });

    it('returns undefined from findById for an unknown id', async () => {
      const { ours } = await oneProcess(kind);
      expect(await batchOf(ours)).toBeUndefined();
    });
  });

  describe('batches.enqueueChunk', () => {
    it('queues the tickets in their order', async () => {
      const { ours, theirs } = await withBatch(kind);
      await expand(ours, [3, 1, 2]);
      expect(await batchOf(theirs)).toEqual(NEW_BATCH);
      expect(await statusOf(theirs, 3)).toBe('processing');
      const claim = await theirs.queuedRuns.claimQueuedRuns({ ...CLAIM_ALL, limit: 2 });
      expect(claim).toMatchObject({ runs: [{ ticketId: 3, run: 1, backgroundRun: 1 }, { ticketId: 1 }] });
      expect(await batchOf(theirs)).toEqual({ ...NEW_BATCH, queued: 1, running: 2 });
    });

    it('skips unknown and active tickets, and those with a result', async () => {
      const { ours } = await withBatch(kind, { ids: [1, 2, 3, 9] });
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      await enqueue(ours, 2);
      await expand(ours, [1, 2, 3, 9]);
      expect(await batchOf(ours)).toEqual({ ...NEW_BATCH, total: 4, queued: 1, skipped: 3 });
      expect(await runsOf(ours, 3)).toEqual([[1, 'queued']]);
    });

    it('queues tickets with a result again with force', async () => {
      const { ours } = await withBatch(kind, { force: true });
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      await expand(ours);
      expect(await runsOf(ours)).toEqual([
        [2, 'queued'],
        [1, 'succeeded'],
      ]);
    });

    it('queues each chunk once when two processes read the same cursor', async () => {
      const { ours, theirs } = await withBatch(kind, { force: true });
      const first = { from: null, ticketIds: [1, 2], next: 2 };
      await Promise.all([ours, theirs].map(({ batches }) => batches.enqueueChunk(1, first)));
      expect(await ours.batches.findOpen()).toMatchObject([{ cursor: 2, isExpanded: false }]);
      expect(await batchOf(ours)).toEqual(NEW_BATCH);
      await theirs.batches.enqueueChunk(1, { from: 2, ticketIds: [3], next: null });
      await ours.batches.enqueueChunk(1, { from: 2, ticketIds: [3], next: null });
      expect(await ours.batches.findOpen()).toMatchObject([{ isExpanded: true }]);
      expect(await batchOf(ours)).toEqual(NEW_BATCH);
    });

    it('continues at a position in the list, and counts tickets that match only now', async () => {
      const { ours } = await withBatch(kind, { ids: [1] });
      const position = { created_at: '2026-02-17T16:35:05Z', id: 2 };
      await ours.batches.enqueueChunk(1, { from: null, ticketIds: [1, 2], next: position });
      expect(await ours.batches.findOpen()).toMatchObject([{ cursor: position }]);
      await ours.batches.enqueueChunk(1, { from: position, ticketIds: [3], next: null });
      expect(await batchOf(ours)).toEqual(NEW_BATCH);
    });
  });
}
