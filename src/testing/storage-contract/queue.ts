import { describe, expect, it } from 'vitest';
import type { Storage } from '../../storage/types.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { CLAIM_ALL, enqueue, NO_CLAIM, runsOf } from './background.ts';
import { FORCE, oneProcess, REFUSED, TICKET, twoProcesses } from './two-processes.ts';
import { claimedIds } from './with-batch.ts';

const DAY_SECONDS = 24 * 3600;

/** Queues tickets in this order, each with a time of its own. */
async function withQueue(kind: StorageKind, ids: number[]) {
  const processes = await twoProcesses(kind);
  for (let id = 2; id <= ids.length; id += 1)
    await processes.ours.tickets.create({ ...TICKET, raw_text: `text ${id}` });
  for (const id of ids) {
    await enqueue(processes.ours, id);
    await processes.database.letTimePass(1);
  }
  return processes;
}

const claim = async ({ queuedRuns }: Storage, limit: number) =>
  claimedIds(await queuedRuns.claimQueuedRuns({ ...CLAIM_ALL, limit }));

export function describeQueue(kind: StorageKind) {
  describe('queuedRuns.claimQueuedRuns', () => {
    it('gives each run to one process, oldest first', async () => {
      const { ours, theirs } = await withQueue(kind, [3, 1, 2, 5, 4]);
      expect(await ours.queuedRuns.claimQueuedRuns({ ...CLAIM_ALL, limit: 2 })).toEqual({
        state: 'claimed',
        runs: [
          { ticketId: 3, run: 1, text: 'text 3', backgroundRun: 1 },
          { ticketId: 1, run: 1, text: 'x', backgroundRun: 1 },
        ],
      });
      expect(await claim(theirs, 2)).toEqual([2, 5]);
      const run = { status: 'running', started_at: expect.any(String), ...makeClaimOptions().origin };
      expect(await ours.runs.findRun(3, 1)).toMatchObject(run);
      expect((await ours.runs.renewLeases([1, 2, 3, 5])).sort()).toEqual([1, 3]);
      expect(await claim(ours, 100)).toEqual([4]);
      expect(await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toEqual(NO_CLAIM);
    });

    it('gives no run to two of many processes that claim at once', async () => {
      const ids = Array.from({ length: 30 }, (_, n) => n + 1);
      const { database, ours, theirs } = await withQueue(kind, ids);
      const others = await Promise.all([database.open(), database.open()]);
      const claims = [ours, theirs, ...others].flatMap((storage) => [claim(storage, 3), claim(storage, 3)]);
      const claimed = (await Promise.all(claims)).flat();
      const rest = await claim(ours, 100);
      expect([...claimed, ...rest].sort((a, b) => a - b)).toEqual(ids);
    });

    it('claims nothing when the budget is used up', async () => {
      const { database, ours } = await oneProcess(kind);
      await ours.tickets.create(TICKET);
      await ours.runs.claimRun(2, FORCE);
      await ours.runs.completeRun(1, makeNewResult({ ticket_id: 2 }), makeRunUsage({ cost_usd: 1 }));
      const options = { ...CLAIM_ALL, dailyBudgetUsd: 1 };
      expect(await ours.queuedRuns.claimQueuedRuns(options)).toEqual(NO_CLAIM); // the queue is empty
      await enqueue(ours);
      expect(await ours.queuedRuns.claimQueuedRuns(options)).toEqual({ state: 'budget_exhausted' });
      expect(await runsOf(ours)).toEqual([[1, 'queued']]);
      await database.letTimePass(DAY_SECONDS);
      expect(await ours.queuedRuns.claimQueuedRuns(options)).toMatchObject({ runs: [{ ticketId: 1 }] });
    });

    it('counts the cost of a run on the day on which it starts', async () => {
      const { database, ours } = await oneProcess(kind);
      await enqueue(ours);
      await database.letTimePass(DAY_SECONDS);
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await ours.runs.releaseRun(1, 1, makeRunUsage({ cost_usd: 1 }));
      expect(await ours.runs.isBudgetExhausted(1)).toBe(true);
    });
  });

  describe('queuedRuns.count and queuedRuns.oldestAgeMs', () => {
    it('measure the queue', async () => {
      const { database, ours } = await oneProcess(kind);
      await ours.tickets.create(TICKET);
      const { queuedRuns, runs } = ours;
      expect([await queuedRuns.count(), await queuedRuns.oldestAgeMs()]).toEqual([0, 0]);
      await enqueue(ours, 1);
      await database.letTimePass(100);
      await enqueue(ours, 2);
      expect(await queuedRuns.count()).toBe(2);
      expect(await queuedRuns.oldestAgeMs()).toBeGreaterThanOrEqual(100_000);
      await queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await runs.failRun(1, 1, REFUSED, makeRunUsage(), { backgroundRun: 2, delayMs: 60_000 });
      expect([await queuedRuns.count(), await queuedRuns.oldestAgeMs()]).toEqual([1, 0]);
    });
  });
}
