import { describe, expect, it } from 'vitest';
import type { BatchDefinition, Storage } from '../../storage/types.ts';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { CLAIM_ALL, enqueue, runsOf, statusOf } from './background.ts';
import { FORCE, REFUSED, REUSE, TICKET, twoProcesses } from './two-processes.ts';

const KEY = { client: 'support', key: 'night', requestHash: 'hash' };
const DAY_SECONDS = 24 * 3600;
const RETRY = { backgroundRun: 2, delayMs: 0 };

const NEW = {
  id: 1,
  created_at: expect.stringMatching(/^\d{4}-.+:\d\dZ$/),
  finished_at: null,
  total: 3,
  queued: 3,
  running: 0,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  cost_usd: null,
};

/** Tickets 1 to 3 and a batch of them. */
async function withBatch(kind: StorageKind, { force = false, ids = [1, 2, 3] } = {}) {
  const processes = await twoProcesses(kind);
  for (let id = 2; id <= 3; id += 1) await processes.ours.tickets.create(TICKET);
  await processes.ours.batches.create({ definition: { ids }, force, total: ids.length });
  return processes;
}

const expand = ({ batches }: Storage, ticketIds = [1, 2, 3]) =>
  batches.enqueueChunk(1, { from: null, ticketIds, next: null });
const batchOf = ({ batches }: Storage) => batches.findById(1);

export function describeBatches(kind: StorageKind) {
  describe('batches.create', () => {
    it('stores a batch whose tickets are not queued yet', async () => {
      const { ours, theirs } = await withBatch(kind);
      expect(await batchOf(theirs)).toEqual(NEW);
      expect(Object.keys((await batchOf(theirs)) ?? {})).toEqual(Object.keys(NEW));
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
      const { ours } = await twoProcesses(kind);
      expect(await batchOf(ours)).toBeUndefined();
    });
  });

  describe('batches.enqueueChunk', () => {
    it('queues the tickets in their order', async () => {
      const { ours, theirs } = await withBatch(kind);
      await expand(ours, [3, 1, 2]);
      expect(await batchOf(theirs)).toEqual(NEW);
      expect(await statusOf(theirs, 3)).toBe('processing');
      const claim = await theirs.queuedRuns.claimQueuedRuns({ ...CLAIM_ALL, limit: 2 });
      expect(claim).toMatchObject({ runs: [{ ticketId: 3, run: 1, backgroundRun: 1 }, { ticketId: 1 }] });
      expect(await batchOf(theirs)).toEqual({ ...NEW, queued: 1, running: 2 });
    });

    it('skips unknown and active tickets, and those with a result', async () => {
      const { ours } = await withBatch(kind, { ids: [1, 2, 3, 9] });
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      await enqueue(ours, 2);
      await expand(ours, [1, 2, 3, 9]);
      expect(await batchOf(ours)).toEqual({ ...NEW, total: 4, queued: 1, skipped: 3 });
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
      expect(await batchOf(ours)).toEqual(NEW);
      await theirs.batches.enqueueChunk(1, { from: 2, ticketIds: [3], next: null });
      await ours.batches.enqueueChunk(1, { from: 2, ticketIds: [3], next: null });
      expect(await ours.batches.findOpen()).toMatchObject([{ isExpanded: true }]);
      expect(await batchOf(ours)).toEqual(NEW);
    });

    it('continues at a position in the list, and counts tickets that match only now', async () => {
      const { ours } = await withBatch(kind, { ids: [1] });
      const position = { created_at: '2026-02-17T16:35:05Z', id: 2 };
      await ours.batches.enqueueChunk(1, { from: null, ticketIds: [1, 2], next: position });
      expect(await ours.batches.findOpen()).toMatchObject([{ cursor: position }]);
      await ours.batches.enqueueChunk(1, { from: position, ticketIds: [3], next: null });
      expect(await batchOf(ours)).toEqual(NEW);
    });
  });

  describe('a batch', () => {
    it('counts a ticket that is tried again once, with the cost of all its runs', async () => {
      const { ours } = await withBatch(kind, { ids: [1] });
      await expand(ours, [1]);
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await ours.runs.failRun(1, 1, REFUSED, makeRunUsage({ cost_usd: 1 }), RETRY);
      expect(await batchOf(ours)).toEqual({ ...NEW, total: 1, queued: 1, cost_usd: 1 });
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await ours.runs.releaseRun(1, 2, makeRunUsage({ cost_usd: 2 }));
      await ours.runs.claimRun(1, REUSE);
      expect(await batchOf(ours)).toEqual({ ...NEW, total: 1, queued: 0, running: 1, cost_usd: 3 });
      await ours.runs.failRun(1, 3, REFUSED, makeRunUsage({ cost_usd: 4 }));
      expect(await batchOf(ours)).toEqual({ ...NEW, total: 1, queued: 0, failed: 1, cost_usd: 7 });
    });

    it.each(['recovery', 'claim of a request'])('keeps a ticket after the %s of an expired run', async (by) => {
      const { ours, theirs, expireLeases } = await withBatch(kind, { ids: [1] });
      await expand(ours, [1]);
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await expireLeases();
      if (by === 'recovery') await theirs.runs.recoverExpiredRuns();
      await theirs.runs.claimRun(1, REUSE);
      expect(await batchOf(ours)).toEqual({ ...NEW, total: 1, queued: 0, running: 1 });
      await theirs.runs.completeRun(2, makeNewResult(), makeRunUsage({ cost_usd: 1 }));
      expect(await batchOf(ours)).toEqual({ ...NEW, total: 1, queued: 0, succeeded: 1, cost_usd: 1 });
    });

    it('adds up the costs of many runs that fail at once', async () => {
      const { ours } = await withBatch(kind);
      await expand(ours);
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      const usage = makeRunUsage({ cost_usd: 1 });
      await Promise.all([1, 2, 3].map((id) => ours.runs.failRun(id, 1, REFUSED, usage, RETRY)));
      expect(await batchOf(ours)).toEqual({ ...NEW, cost_usd: 3 });
    });

    it('counts deleted tickets as skipped', async () => {
      const { ours, theirs } = await withBatch(kind);
      await expand(ours);
      await theirs.tickets.delete(2);
      expect(await batchOf(ours)).toEqual({ ...NEW, queued: 2, skipped: 1 });
    });
  });

  describe('batches.finish', () => {
    it('finishes a batch when no ticket is queued or running, and keeps its counts', async () => {
      const { ours, theirs } = await withBatch(kind);
      expect(await ours.batches.finish(1)).toBe(false);
      await expand(ours);
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await ours.runs.completeRun(1, makeNewResult(), makeRunUsage({ cost_usd: 1 }));
      await ours.runs.failRun(2, 1, REFUSED, makeRunUsage({ cost_usd: null }));
      expect(await ours.batches.finish(1)).toBe(false);
      await ours.tickets.delete(3);
      const finished = await Promise.all([ours, theirs].map(({ batches }) => batches.finish(1)));
      expect(finished.filter((isFinished) => isFinished)).toHaveLength(1);
      const counts = { queued: 0, succeeded: 1, failed: 1, skipped: 1, cost_usd: 1 };
      const batch = { ...NEW, ...counts, finished_at: expect.stringMatching(/Z$/) };
      expect(await batchOf(theirs)).toEqual(batch);
      await ours.tickets.delete(1);
      expect(await batchOf(theirs)).toEqual(batch);
      expect(await ours.batches.findOpen()).toEqual([]);
    });
  });

  describe('batches.cancel', () => {
    it('queues no more tickets', async () => {
      const { ours, theirs } = await withBatch(kind);
      await ours.batches.enqueueChunk(1, { from: null, ticketIds: [1], next: 1 });
      expect(await theirs.batches.cancel(1)).toBe(true);
      await ours.batches.enqueueChunk(1, { from: 1, ticketIds: [2], next: 2 });
      expect(await ours.batches.findOpen()).toMatchObject([{ isExpanded: true, isCancelled: true }]);
      expect(await batchOf(ours)).toEqual({ ...NEW, queued: 1, skipped: 2 });
      expect(await statusOf(ours, 2)).toBe('new');
    });

    it('returns true for a finished batch, which it does not change, and false for an unknown one', async () => {
      const { ours } = await withBatch(kind);
      await ours.batches.enqueueChunk(1, { from: null, ticketIds: [], next: null });
      await ours.batches.finish(1);
      const finished = await batchOf(ours);
      expect(await ours.batches.cancel(1)).toBe(true);
      expect(await batchOf(ours)).toEqual(finished);
      expect(await ours.batches.cancel(2)).toBe(false);
    });
  });

  describe('batches.cancelQueuedRuns', () => {
    it('gives tickets their former status, and lets runs under way end', async () => {
      const { ours, theirs } = await withBatch(kind, { force: true });
      await ours.runs.claimRun(2, FORCE);
      await ours.runs.completeRun(1, makeNewResult({ ticket_id: 2 }), makeRunUsage());
      await ours.runs.claimRun(3, FORCE);
      await ours.runs.failRun(3, 1, REFUSED, makeRunUsage());
      await ours.tickets.create(TICKET);
      await expand(ours, [4, 1, 2, 3]);
      await enqueue(ours, 4); // already queued
      await ours.queuedRuns.claimQueuedRuns({ ...CLAIM_ALL, limit: 1 });
      expect(await theirs.batches.cancelQueuedRuns(1, 2)).toBe(2);
      expect(await theirs.batches.cancelQueuedRuns(1, 2)).toBe(1);
      expect(await theirs.batches.cancelQueuedRuns(1, 2)).toBe(0);
      const statuses = await Promise.all([1, 2, 3, 4].map((id) => statusOf(ours, id)));
      expect(statuses).toEqual(['new', 'done', 'failed', 'processing']);
      expect(await ours.runs.findRun(1, 1)).toMatchObject({
        status: 'abandoned',
        started_at: null,
        finished_at: expect.any(String),
      });
      expect(await batchOf(ours)).toMatchObject({ running: 1, queued: 0, skipped: 3 });
      expect(await ours.runs.completeRun(1, makeNewResult({ ticket_id: 4 }), makeRunUsage())).toBeDefined();
    });

    it('takes no run of another batch or request', async () => {
      const { ours } = await withBatch(kind);
      await enqueue(ours, 1);
      await expand(ours, [1]);
      expect(await ours.batches.cancelQueuedRuns(1, 10)).toBe(0);
      expect(await runsOf(ours)).toEqual([[1, 'queued']]);
    });

    it('and a queue that claims the same runs at once do not both get them', async () => {
      const { ours, theirs } = await withBatch(kind);
      for (let id = 4; id <= 30; id += 1) await ours.tickets.create(TICKET);
      const ids = Array.from({ length: 30 }, (_, n) => n + 1);
      await expand(ours, ids);
      const [cancelled, claim] = await Promise.all([
        theirs.batches.cancelQueuedRuns(1, 30),
        ours.queuedRuns.claimQueuedRuns(CLAIM_ALL),
        theirs.batches.cancelQueuedRuns(1, 30),
      ]);
      const claimed = claim.state === 'claimed' ? claim.runs.map(({ ticketId }) => ticketId) : [];
      expect((await ours.runs.renewLeases(ids)).sort()).toEqual(claimed.sort());
      const statuses = await Promise.all(ids.map((id) => statusOf(ours, id)));
      expect(statuses).toEqual(ids.map((id) => (claimed.includes(id) ? 'processing' : 'new')));
      expect(cancelled).toBeLessThanOrEqual(30 - claimed.length);
    });
  });
}
