import { describe, expect, it } from 'vitest';
import type { Storage } from '../../storage/types.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { CLAIM_ALL, enqueue, NO_CLAIM, runsOf, statusOf } from './background.ts';
import { FORCE, REFUSED, REUSE, TICKET, twoProcesses } from './two-processes.ts';

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

const ticketIdsOf = async ({ queuedRuns }: Storage, limit: number) => {
  const claim = await queuedRuns.claimQueuedRuns({ ...CLAIM_ALL, limit });
  return claim.state === 'claimed' ? claim.runs.map(({ ticketId }) => ticketId) : [];
};

export function describeQueue(kind: StorageKind) {
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
      const { ours } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      const result = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      expect(await enqueue(ours)).toEqual({ state: 'stored', result });
      expect(await enqueue(ours, 1, true)).toMatchObject({ run: { number: 2, status: 'queued' } });
      expect(await enqueue(ours)).toEqual({ state: 'stored', result });
    });

    it('returns ticket_not_found for an unknown ticket', async () => {
      const { ours } = await twoProcesses(kind);
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
      expect(await ticketIdsOf(theirs, 2)).toEqual([2, 5]);
      const run = { status: 'running', started_at: expect.any(String), ...makeClaimOptions().origin };
      expect(await ours.runs.findRun(3, 1)).toMatchObject(run);
      expect((await ours.runs.renewLeases([1, 2, 3, 5])).sort()).toEqual([1, 3]);
      expect(await ticketIdsOf(ours, 100)).toEqual([4]);
      expect(await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toEqual(NO_CLAIM);
    });

    it('gives no run to two of many processes that claim at once', async () => {
      const ids = Array.from({ length: 30 }, (_, n) => n + 1);
      const { database, ours, theirs } = await withQueue(kind, ids);
      const others = await Promise.all([database.open(), database.open()]);
      const claims = [ours, theirs, ...others].flatMap((storage) => [ticketIdsOf(storage, 3), ticketIdsOf(storage, 3)]);
      const claimed = (await Promise.all(claims)).flat();
      const rest = await ticketIdsOf(ours, 100);
      expect([...claimed, ...rest].sort((a, b) => a - b)).toEqual(ids);
    });

    it('claims nothing when the budget is used up', async () => {
      const { database, ours } = await twoProcesses(kind);
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
      const { database, ours } = await twoProcesses(kind);
      await enqueue(ours);
      await database.letTimePass(DAY_SECONDS);
      await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
      await ours.runs.releaseRun(1, 1, makeRunUsage({ cost_usd: 1 }));
      expect(await ours.runs.isBudgetExhausted(1)).toBe(true);
    });
  });

  describe('queuedRuns.count and queuedRuns.oldestAgeMs', () => {
    it('measure the queue', async () => {
      const { database, ours } = await twoProcesses(kind);
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
      const { ours } = await twoProcesses(kind);
      const created = await Promise.all(
        Array.from({ length: 20 }, (_, n) => ours.tickets.create(TICKET, { enqueue: n % 2 === 0 })),
      );
      const queued = created.filter((_, n) => n % 2 === 0).map(({ id }) => id);
      expect((await ticketIdsOf(ours, 100)).sort((a, b) => a - b)).toEqual(queued);
    });
  });

  describe('tickets.createOnce with enqueue', () => {
    it('queues no second run for a repeated key', async () => {
      const { ours } = await twoProcesses(kind);
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
