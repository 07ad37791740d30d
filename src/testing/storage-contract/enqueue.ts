import { describe, expect, it } from 'vitest';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { CLAIM_ALL, enqueue, runsOf, statusOf } from './background.ts';
import { FORCE, oneProcess, REUSE, TICKET, twoProcesses } from './two-processes.ts';
import { claimedIds } from './with-batch.ts';

export function describeEnqueue(kind: StorageKind) {
  describe('queuedRuns.enqueueRun', () => {
    it('queues a run and sets the ticket to processing', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      const run = expect.objectContaining({ number: 1, status: 'queued', started_at: null, attempts: 0, model: null });
      expect(await enqueue(ours)).toEqual({ state: 'queued', run });
      expect(await theirs.runs.listRuns(1, { limit: 2 })).toEqual([run]);
      expect(await statusOf(theirs)).toBe('processing');
    });

    it('returns the run as findRun does', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      const enqueued = await enqueue(ours);
      expect(enqueued).toEqual({ state: 'queued', run: await theirs.runs.findRun(1, 1) });
      expect(await enqueue(theirs)).toEqual(enqueued);
    });

    it('returns the active run of a ticket', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await enqueue(ours);
      expect(await enqueue(theirs, 1, true)).toMatchObject({ run: { number: 1, status: 'queued' } });
      await ours.runs.claimRun(1, FORCE);
      expect(await enqueue(theirs)).toMatchObject({ run: { number: 1, status: 'running' } });
    });

    it('returns the stored result unless it is forced', async () => {
      const { ours } = await oneProcess(kind);
      await ours.runs.claimRun(1, FORCE);
      const result = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      expect(await enqueue(ours)).toEqual({ state: 'stored', result });
      expect(await enqueue(ours, 1, true)).toMatchObject({ run: { number: 2, status: 'queued' } });
      expect(await enqueue(ours)).toEqual({ state: 'stored', result });
    });

    it('returns ticket_not_found for an unknown ticket', async () => {
      const { ours } = await oneProcess(kind);
      expect(await enqueue(ours, 2)).toEqual({ state: 'ticket_not_found' });
    });

    it('queues one run when many processes enqueue the ticket at once', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      const enqueued = await Promise.all(Array.from({ length: 20 }, (_, n) => enqueue(n % 2 ? ours : theirs)));
      expect(enqueued).toEqual(Array(20).fill({ state: 'queued', run: await ours.runs.findRun(1, 1) }));
      expect(await runsOf(ours)).toEqual([[1, 'queued']]);
    });

    it('fences off an owner whose run was recovered before', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await expireLeases();
      await theirs.runs.recoverExpiredRuns();
      await enqueue(theirs);
      expect(await ours.runs.renewLeases([1])).toEqual([]);
      expect(await ours.runs.completeRun(1, makeNewResult(), makeRunUsage())).toBeUndefined();
      expect(await runsOf(theirs)).toEqual([
        [2, 'queued'],
        [1, 'abandoned'],
      ]);
    });

    it('at the same time as the end of a run shares that run or returns its result', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      for (let id = 1; id <= 20; id += 1) {
        if (id > 1) await ours.tickets.create(TICKET);
        await ours.runs.claimRun(id, FORCE);
        const complete = ours.runs.completeRun(1, makeNewResult({ ticket_id: id }), makeRunUsage());
        await Promise.all([complete, enqueue(theirs, id)]);
        expect(await runsOf(ours, id)).toEqual([[1, 'succeeded']]);
      }
    });
  });

  describe('tickets.create with enqueue', () => {
    it('queues a run of the new ticket', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      const created = await ours.tickets.create({ raw_text: 'y', source: 'web' }, { enqueue: true });
      expect(created).toMatchObject({ id: 2, status: 'processing' });
      expect(await theirs.tickets.findById(2)).toEqual(created);
      expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toEqual({
        state: 'claimed',
        runs: [{ ticketId: 2, run: 1, text: 'y', backgroundRun: 1 }],
      });
    });

    it('queues only those of many simultaneous tickets for which it is set', async () => {
      const { ours } = await oneProcess(kind);
      const created = await Promise.all(
        Array.from({ length: 20 }, (_, n) => ours.tickets.create(TICKET, { enqueue: n % 2 === 0 })),
      );
      const queued = created.filter((_, n) => n % 2 === 0).map(({ id }) => id);
      expect(claimedIds(await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL)).sort((a, b) => a - b)).toEqual(queued);
    });
  });

  describe('tickets.createOnce with enqueue', () => {
    it('queues no second run for a repeated key', async () => {
      const { ours } = await oneProcess(kind);
      const key = { client: '', key: 'a', requestHash: 'h' };
      const create = () => ours.tickets.createOnce(TICKET, key, { enqueue: true });
      expect(await create()).toMatchObject({ isReplay: false, ticket: { id: 2, status: 'processing' } });
      await ours.runs.claimRun(2, REUSE);
      await ours.runs.completeRun(1, makeNewResult({ ticket_id: 2 }), makeRunUsage());
      expect(await create()).toMatchObject({ isReplay: true, ticket: { status: 'done' } });
      expect(await runsOf(ours, 2)).toEqual([[1, 'succeeded']]);
    });
  });
}
