import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { CLAIM_ALL, enqueue, NO_CLAIM, runsOf, statusOf } from './background.ts';
import { FORCE, oneProcess, REUSE, TICKET, twoProcesses } from './two-processes.ts';

const UNAVAILABLE = { code: 'llm_unavailable', message: 'unavailable' } as const;
const RETRY = { backgroundRun: 2, delayMs: 60_000 };

/** Our process executes the background run of ticket 1. */
async function withBackgroundRun(kind: StorageKind) {
  const processes = await twoProcesses(kind);
  await enqueue(processes.ours);
  await processes.ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
  return processes;
}

export function describeBackgroundRuns(kind: StorageKind) {
  describe('runs.claimRun of a queued ticket', () => {
    it('takes the queued run under its number', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await enqueue(theirs);
      expect(await ours.runs.claimRun(1, makeClaimOptions({ claim: false }))).toEqual({ state: 'unclaimed' });
      const claimed = { state: 'claimed', run: 1, text: 'x', backgroundRun: 1, wasReclaimed: false };
      expect(await ours.runs.claimRun(1, REUSE)).toEqual(claimed);
      expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toEqual(NO_CLAIM);
      expect(await theirs.runs.claimRun(1, FORCE)).toEqual({ state: 'running', run: 1 });
      const run = { status: 'running', started_at: expect.any(String), ...REUSE.origin };
      expect(await theirs.runs.findRun(1, 1)).toMatchObject(run);
    });

    it('takes it also when an older result is stored', async () => {
      const { ours } = await oneProcess(kind);
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      await enqueue(ours, 1, true);
      expect(await ours.runs.findCachedResult(1)).toBeUndefined();
      expect(await ours.runs.claimRun(1, REUSE)).toMatchObject({ state: 'claimed', run: 2 });
    });

    it('takes it before its time has come', async () => {
      const { ours, theirs } = await withBackgroundRun(kind);
      await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), RETRY);
      expect(await theirs.runs.claimRun(1, REUSE)).toMatchObject({ state: 'claimed', run: 2, backgroundRun: 2 });
    });

    it('has one winner among requests and queues that claim at once', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      for (let run = 1; run <= 10; run += 1) {
        await enqueue(ours, 1, true);
        const claims = await Promise.all([
          ours.runs.claimRun(1, FORCE),
          theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL),
          theirs.runs.claimRun(1, REUSE),
          ours.queuedRuns.claimQueuedRuns(CLAIM_ALL),
        ]);
        const winners = claims.filter(
          (claim) => claim.state === 'claimed' && (!('runs' in claim) || claim.runs.length),
        );
        expect(winners).toHaveLength(1);
        const { runs } = (await ours.runs.renewLeases([1])).length > 0 ? ours : theirs;
        expect(await runs.completeRun(run, makeNewResult(), makeRunUsage())).toBeDefined();
      }
    });
  });

  describe('runs.failRun of a background run', () => {
    it('queues the next run of the series for later', async () => {
      const { database, ours, theirs } = await withBackgroundRun(kind);
      expect(await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), RETRY)).toBe(true);
      expect(await runsOf(ours)).toEqual([
        [2, 'queued'],
        [1, 'failed'],
      ]);
      expect(await statusOf(ours)).toBe('processing');
      expect(await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toEqual(NO_CLAIM);
      await database.letTimePass(60);
      expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toMatchObject({
        runs: [{ run: 2, backgroundRun: 2 }],
      });
    });

    it('is final without a next run', async () => {
      const { ours } = await withBackgroundRun(kind);
      await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), undefined);
      expect(await runsOf(ours)).toEqual([[1, 'failed']]);
      expect(await statusOf(ours)).toBe('failed');
    });

    it('does not repeat a run that was not queued', async () => {
      const { ours } = await oneProcess(kind);
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), RETRY);
      expect(await runsOf(ours)).toEqual([[1, 'failed']]);
      expect(await statusOf(ours)).toBe('failed');
    });

    it.each(['before', 'while'])(
      'continues the series of a run that was queued %s a request executed it',
      async (when) => {
        const { ours, theirs } = await twoProcesses(kind);
        if (when === 'before') await enqueue(theirs);
        await ours.runs.claimRun(1, REUSE);
        if (when === 'while') await enqueue(theirs);
        await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), RETRY);
        expect(await runsOf(ours)).toEqual([
          [2, 'queued'],
          [1, 'failed'],
        ]);
      },
    );

    it('returns the failure to those that wait for the run, and queued for its retry', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await enqueue(ours);
      expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'queued' });
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), RETRY);
      expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'failed', failure: UNAVAILABLE });
      expect(await theirs.runs.getRunState(1, 2)).toEqual({ state: 'queued' });
    });

    it('ends many runs at once, each with its own next run or none', async () => {
      const { ours } = await oneProcess(kind);
      const ids = Array.from({ length: 20 }, (_, n) => n + 2);
      for (const _ of ids) await ours.tickets.create({ raw_text: 'x', source: 'web' }, { enqueue: true });
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await Promise.all(
        ids.map((id) => ours.runs.failRun(id, 1, UNAVAILABLE, makeRunUsage(), id % 2 ? RETRY : undefined)),
      );
      const statuses = await Promise.all(ids.map((id) => statusOf(ours, id)));
      expect(statuses).toEqual(ids.map((id) => (id % 2 ? 'processing' : 'failed')));
      expect(await ours.queuedRuns.count()).toBe(10);
    });
  });

  describe('an interrupted background run', () => {
    it('is queued again when it is released', async () => {
      const { ours, theirs } = await withBackgroundRun(kind);
      await ours.runs.releaseRun(1, 1, makeRunUsage());
      expect(await statusOf(ours)).toBe('processing');
      expect(await ours.runs.findRun(1, 1)).toMatchObject({ status: 'abandoned', ...makeRunUsage() });
      expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toMatchObject({
        runs: [{ run: 2, backgroundRun: 1 }],
      });
    });

    it.each(['released', 'expired'])('keeps its place in the queue when it is %s', async (end) => {
      const { ours, theirs, expireLeases } = await withBackgroundRun(kind);
      await ours.tickets.create(TICKET);
      await setTimeout(5); // the place is a time in ms
      await enqueue(ours, 2);
      if (end === 'released') await ours.runs.releaseRun(1, 1, makeRunUsage());
      await expireLeases();
      await theirs.runs.recoverExpiredRuns();
      expect(await theirs.queuedRuns.claimQueuedRuns({ ...CLAIM_ALL, limit: 1 })).toMatchObject({
        runs: [{ ticketId: 1, run: 2 }],
      });
    });

    it('is queued again when its lease has expired, and its owner is fenced off', async () => {
      const { ours, theirs, expireLeases } = await withBackgroundRun(kind);
      await theirs.runs.recoverExpiredRuns();
      expect(await runsOf(theirs)).toEqual([[1, 'running']]);
      await expireLeases();
      await Promise.all([theirs.runs.recoverExpiredRuns(), theirs.runs.recoverExpiredRuns()]);
      expect(await statusOf(theirs)).toBe('processing');
      expect(await ours.runs.renewLeases([1])).toEqual([]);
      expect(await ours.runs.completeRun(1, makeNewResult(), makeRunUsage())).toBeUndefined();
      expect(await ours.runs.findRun(1, 1)).toMatchObject({ status: 'abandoned', ...makeRunUsage() });
      expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toMatchObject({
        runs: [{ run: 2, backgroundRun: 1 }],
      });
    });

    it('is queued again if it was queued while a request executed it', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await enqueue(theirs);
      await expireLeases();
      await theirs.runs.recoverExpiredRuns();
      expect(await runsOf(theirs)).toEqual([
        [2, 'queued'],
        [1, 'abandoned'],
      ]);
    });

    it('is replaced by the run of a request that comes before the recovery', async () => {
      const { ours, theirs, expireLeases } = await withBackgroundRun(kind);
      await expireLeases();
      const claimed = { state: 'claimed', run: 2, backgroundRun: 1, wasReclaimed: true };
      expect(await theirs.runs.claimRun(1, REUSE)).toMatchObject(claimed);
      expect(await ours.runs.completeRun(1, makeNewResult(), makeRunUsage())).toBeUndefined();
      await theirs.runs.releaseRun(1, 2, makeRunUsage());
      expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toMatchObject({
        runs: [{ run: 3, backgroundRun: 1 }],
      });
    });
  });
}
