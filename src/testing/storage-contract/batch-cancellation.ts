import { describe, expect, it } from 'vitest';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { CLAIM_ALL, enqueue, runsOf, statusOf } from './background.ts';
import { FORCE, REFUSED, TICKET } from './two-processes.ts';
import { batchOf, claimedIds, expand, NEW_BATCH, withBatch } from './with-batch.ts';

export function describeBatchCancellation(kind: StorageKind) {
  describe('batches.cancel', () => {
    it('queues no more tickets', async () => {
      const { ours, theirs } = await withBatch(kind);
      await ours.batches.enqueueChunk(1, { from: null, ticketIds: [1], next: 1 });
      expect(await theirs.batches.cancel(1)).toBe(true);
      await ours.batches.enqueueChunk(1, { from: 1, ticketIds: [2], next: 2 });
      expect(await ours.batches.findOpen()).toMatchObject([{ isExpanded: true, isCancelled: true }]);
      expect(await batchOf(ours)).toEqual({ ...NEW_BATCH, queued: 1, skipped: 2 });
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
      const claimed = claimedIds(claim);
      expect((await ours.runs.renewLeases(ids)).sort()).toEqual(claimed.sort());
      const statuses = await Promise.all(ids.map((id) => statusOf(ours, id)));
      expect(statuses).toEqual(ids.map((id) => (claimed.includes(id) ? 'processing' : 'new')));
      expect(cancelled).toBeLessThanOrEqual(30 - claimed.length);
    });
  });
}
