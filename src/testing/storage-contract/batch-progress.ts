import { describe, expect, it } from 'vitest';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { CLAIM_ALL } from './background.ts';
import { REFUSED, REUSE, TICKET } from './two-processes.ts';
import { batchOf, claimedIds, expand, NEW_BATCH, withBatch } from './with-batch.ts';

const RETRY = { backgroundRun: 2, delayMs: 0 };

/** The even and the odd of 60 ids. */
const [EVEN, ODD] = [0, 1].map((rest) => Array.from({ length: 30 }, (_, n) => 2 * n + 2 - rest)) as [
  number[],
  number[],
];

export function describeBatchProgress(kind: StorageKind) {
  describe('a batch', () => {
    it('counts a ticket that is tried again once, with the cost of all its runs', async () => {
      const { ours } = await withBatch(kind, { ids: [1] });
      await expand(ours, [1]);
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await ours.runs.failRun(1, 1, REFUSED, makeRunUsage({ cost_usd: 1 }), RETRY);
      expect(await batchOf(ours)).toEqual({ ...NEW_BATCH, total: 1, queued: 1, cost_usd: 1 });
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await ours.runs.releaseRun(1, 2, makeRunUsage({ cost_usd: 2 }));
      await ours.runs.claimRun(1, REUSE);
      expect(await batchOf(ours)).toEqual({ ...NEW_BATCH, total: 1, queued: 0, running: 1, cost_usd: 3 });
      await ours.runs.failRun(1, 3, REFUSED, makeRunUsage({ cost_usd: 4 }));
      expect(await batchOf(ours)).toEqual({ ...NEW_BATCH, total: 1, queued: 0, failed: 1, cost_usd: 7 });
    });

    it.each(['recovery', 'claim of a request'])('keeps a ticket after the %s of an expired run', async (by) => {
      const { ours, theirs, expireLeases } = await withBatch(kind, { ids: [1] });
      await expand(ours, [1]);
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await expireLeases();
      if (by === 'recovery') await theirs.runs.recoverExpiredRuns();
      await theirs.runs.claimRun(1, REUSE);
      expect(await batchOf(ours)).toEqual({ ...NEW_BATCH, total: 1, queued: 0, running: 1 });
      await theirs.runs.completeRun(2, makeNewResult(), makeRunUsage({ cost_usd: 1 }));
      expect(await batchOf(ours)).toEqual({ ...NEW_BATCH, total: 1, queued: 0, succeeded: 1, cost_usd: 1 });
    });

    it('adds up the costs of many runs that fail at once', async () => {
      const { ours } = await withBatch(kind);
      await expand(ours);
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      const usage = makeRunUsage({ cost_usd: 1 });
      await Promise.all([1, 2, 3].map((id) => ours.runs.failRun(id, 1, REFUSED, usage, RETRY)));
      expect(await batchOf(ours)).toEqual({ ...NEW_BATCH, cost_usd: 3 });
    });

    it('keeps its counts while runs of several batches end, are queued and cancelled at once', async () => {
      const { ours, theirs } = await withBatch(kind, { ids: EVEN });
      for (let id = 4; id <= 60; id += 1) await ours.tickets.create(TICKET);
      await ours.batches.create({ definition: { ids: ODD }, force: false, total: ODD.length });
      const [first, second] = [EVEN, ODD].map((ids) => ids.slice(0, 20)) as [number[], number[]];
      await ours.batches.enqueueChunk(1, { from: null, ticketIds: first, next: 20 });
      await ours.batches.enqueueChunk(2, { from: null, ticketIds: second, next: 20 });
      const half = { ...CLAIM_ALL, limit: 10 };
      const claims = await Promise.all([ours, theirs].map(({ queuedRuns }) => queuedRuns.claimQueuedRuns(half)));
      const fails = [ours, theirs].flatMap(({ runs }, n) =>
        claimedIds(claims[n]).map((id) => runs.failRun(id, 1, REFUSED, makeRunUsage({ cost_usd: 1 }), RETRY)),
      );
      await Promise.all([
        ...fails,
        theirs.batches.enqueueChunk(1, { from: 20, ticketIds: EVEN.slice(20), next: null }),
        ours.batches.enqueueChunk(2, { from: 20, ticketIds: ODD.slice(20), next: null }),
        theirs.batches.cancelQueuedRuns(2, 5),
        ours.batches.cancelQueuedRuns(1, 5),
      ]);
      const [one, two] = [await ours.batches.findById(1), await ours.batches.findById(2)];
      expect([one, two].map((batch) => (batch?.queued ?? 0) + (batch?.skipped ?? 0))).toEqual([30, 30]);
      expect((one?.cost_usd ?? 0) + (two?.cost_usd ?? 0)).toBe(20);
      expect(await ours.queuedRuns.count()).toBe((one?.queued ?? 0) + (two?.queued ?? 0));
    });

    it('keeps the cost of deleted tickets, also of those whose run ends at the same time', async () => {
      const { ours, theirs } = await withBatch(kind, { ids: EVEN });
      for (let id = 4; id <= 60; id += 1) await ours.tickets.create(TICKET);
      await expand(ours, EVEN);
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      const usage = makeRunUsage({ cost_usd: 1 });
      await ours.runs.completeRun(1, makeNewResult({ ticket_id: 2 }), usage);
      await theirs.tickets.delete(2);
      expect(await batchOf(ours)).toMatchObject({ succeeded: 0, skipped: 1, cost_usd: 1 });
      const rest = EVEN.slice(1);
      const ends = rest.map((id) => ours.runs.completeRun(1, makeNewResult({ ticket_id: id }), usage));
      await Promise.all(rest.map((id) => theirs.tickets.delete(id)));
      const stored = (await Promise.all(ends)).filter((result) => result !== undefined);
      expect(await batchOf(ours)).toMatchObject({ succeeded: 0, skipped: 30, cost_usd: 1 + stored.length });
    });

    it('counts deleted tickets as skipped', async () => {
      const { ours, theirs } = await withBatch(kind);
      await expand(ours);
      await theirs.tickets.delete(2);
      expect(await batchOf(ours)).toEqual({ ...NEW_BATCH, queued: 2, skipped: 1 });
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
      const batch = { ...NEW_BATCH, ...counts, finished_at: expect.stringMatching(/Z$/) };
      expect(await batchOf(theirs)).toEqual(batch);
      await ours.tickets.delete(1);
      expect(await batchOf(theirs)).toEqual(batch);
      expect(await ours.batches.findOpen()).toEqual([]);
    });
  });
}
