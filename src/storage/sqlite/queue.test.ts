import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';
import type { Storage } from '../types.ts';

const LEASE_MS = 10_000;
const { origin } = makeClaimOptions();
const CLAIM_ALL = { limit: 100, origin };
const FORCE = makeClaimOptions({ force: true });
const REUSE = makeClaimOptions({ force: false });
const UNAVAILABLE = { code: 'llm_unavailable', message: 'unavailable' } as const;
const NOTHING = { state: 'claimed', runs: [] };

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());
const advanceClock = (ms: number) => void vi.setSystemTime(Date.now() + ms);

/** Two storages on one file act like two processes. */
async function twoProcesses(tickets = 1) {
  const { path, storage: ours } = openTestStorage({ leaseMs: LEASE_MS });
  const { storage: theirs } = openTestStorage({ leaseMs: LEASE_MS }, path);
  for (let id = 1; id <= tickets; id += 1) await ours.tickets.create({ raw_text: `text ${id}`, source: 'web' });
  return { path, ours, theirs };
}

const enqueue = ({ queuedRuns }: Storage, ticketId = 1, force = false) => queuedRuns.enqueueRun(ticketId, { force });
const statusOf = async ({ tickets }: Storage, id = 1) => (await tickets.findById(id))?.status;
const runsOf = async ({ runs }: Storage, id = 1) =>
  (await runs.listRuns(id, { limit: 10 }))?.map(({ number, status }) => [number, status]);

describe('enqueueRun', () => {
  it('queues a run and sets the ticket to processing', async () => {
    const { ours, theirs } = await twoProcesses();
    const run = expect.objectContaining({ number: 1, status: 'queued', started_at: null, attempts: 0, model: null });
    expect(await enqueue(ours)).toEqual({ state: 'queued', run });
    expect(await theirs.runs.findRun(1, 1)).toEqual(run);
    expect(await statusOf(theirs)).toBe('processing');
  });

  it('returns the active run of a ticket', async () => {
    const { ours, theirs } = await twoProcesses();
    await enqueue(ours);
    expect(await enqueue(theirs, 1, true)).toMatchObject({ run: { number: 1, status: 'queued' } });
    await ours.runs.claimRun(1, FORCE);
    expect(await enqueue(theirs)).toMatchObject({ run: { number: 1, status: 'running' } });
  });

  it('returns the stored result unless it is forced', async () => {
    const { ours } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    const result = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
    expect(await enqueue(ours)).toEqual({ state: 'stored', result });
    expect(await enqueue(ours, 1, true)).toMatchObject({ run: { number: 2, status: 'queued' } });
    expect(await enqueue(ours)).toEqual({ state: 'stored', result });
  });

  it('returns ticket_not_found for an unknown ticket', async () => {
    const { ours } = await twoProcesses();
    expect(await enqueue(ours, 2)).toEqual({ state: 'ticket_not_found' });
  });

  it('makes a run under way a background run', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    await enqueue(theirs);
    advanceClock(LEASE_MS + 1);
    await theirs.runs.recoverExpiredRuns();
    expect(await runsOf(theirs)).toEqual([
      [2, 'queued'],
      [1, 'abandoned'],
    ]);
  });
});

describe('create with enqueue', () => {
  it('queues a run of the new ticket', async () => {
    const { ours, theirs } = await twoProcesses(0);
    expect(await ours.tickets.create({ raw_text: 'x', source: 'web' }, { enqueue: true })).toMatchObject({
      status: 'processing',
    });
    expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toMatchObject({ runs: [{ ticketId: 1, text: 'x' }] });
  });

  it('queues no second run for a repeated Idempotency-Key', async () => {
    const { ours } = await twoProcesses(0);
    const key = { client: '', key: 'a', requestHash: 'h' };
    const create = () => ours.tickets.createOnce({ raw_text: 'x', source: 'web' }, key, { enqueue: true });
    await create();
    await ours.runs.claimRun(1, REUSE);
    await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
    expect(await create()).toMatchObject({ isReplay: true, ticket: { status: 'done' } });
    expect(await runsOf(ours)).toEqual([[1, 'succeeded']]);
  });
});

describe('claimQueuedRuns', () => {
  it('gives each run to one process, oldest first', async () => {
    const { ours, theirs } = await twoProcesses(5);
    for (const id of [3, 1, 2, 5, 4]) await enqueue(ours, id);
    const claims = await Promise.all([
      ours.queuedRuns.claimQueuedRuns({ limit: 2, origin }),
      theirs.queuedRuns.claimQueuedRuns({ limit: 2, origin }),
    ]);
    expect(claims[0]).toEqual({
      state: 'claimed',
      runs: [
        { ticketId: 3, run: 1, text: 'text 3', backgroundRun: 1 },
        { ticketId: 1, run: 1, text: 'text 1', backgroundRun: 1 },
      ],
    });
    expect(claims[1]).toMatchObject({ runs: [{ ticketId: 2 }, { ticketId: 5 }] });
    expect(await ours.runs.findRun(3, 1)).toMatchObject({
      status: 'running',
      started_at: expect.any(String),
      ...origin,
    });
    expect((await ours.runs.renewLeases([1, 2, 3, 5])).sort()).toEqual([1, 3]);
    expect(await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toMatchObject({ runs: [{ ticketId: 4 }] });
    expect(await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toEqual(NOTHING);
  });

  it('claims nothing when the budget is used up', async () => {
    const { ours } = await twoProcesses(2);
    await ours.runs.claimRun(2, FORCE);
    await ours.runs.completeRun(1, makeNewResult({ ticket_id: 2 }), makeRunUsage({ cost_usd: 1 }));
    const options = { ...CLAIM_ALL, dailyBudgetUsd: 1 };
    expect(await ours.queuedRuns.claimQueuedRuns(options)).toEqual(NOTHING); // the queue is empty
    await enqueue(ours);
    expect(await ours.queuedRuns.claimQueuedRuns(options)).toEqual({ state: 'budget_exhausted' });
    expect(await runsOf(ours)).toEqual([[1, 'queued']]);
    advanceClock(24 * 3600 * 1000);
    expect(await ours.queuedRuns.claimQueuedRuns(options)).toMatchObject({ runs: [{ ticketId: 1 }] });
  });

  it('counts the cost of a run on the day on which it starts', async () => {
    const { path, ours } = await twoProcesses(2);
    await enqueue(ours);
    openSqliteFile(path).exec("UPDATE runs SET created_at = '2026-02-16 12:00:00'");
    await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
    await ours.runs.releaseRun(1, 1, makeRunUsage({ cost_usd: 1 }));
    expect(await ours.runs.isBudgetExhausted(1)).toBe(true);
  });
});

describe('claimRun of a queued ticket', () => {
  it('takes the queued run under its number', async () => {
    const { ours, theirs } = await twoProcesses();
    await enqueue(theirs);
    expect(await ours.runs.claimRun(1, makeClaimOptions({ claim: false }))).toEqual({ state: 'unclaimed' });
    expect(await ours.runs.claimRun(1, REUSE)).toEqual({
      state: 'claimed',
      run: 1,
      text: 'text 1',
      wasReclaimed: false,
    });
    expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toEqual(NOTHING);
    expect(await theirs.runs.claimRun(1, FORCE)).toEqual({ state: 'running', run: 1 });
  });

  it('takes it also when an older result is stored', async () => {
    const { ours } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
    await enqueue(ours, 1, true);
    expect(await ours.runs.findCachedResult(1)).toBeUndefined();
    expect(await ours.runs.claimRun(1, REUSE)).toMatchObject({ state: 'claimed', run: 2 });
  });
});

describe('failRun of a background run', () => {
  const retry = (backgroundRun: number) => ({ backgroundRun: backgroundRun + 1, delayMs: 60_000 });

  it('queues the next run of the series for later', async () => {
    const { ours, theirs } = await twoProcesses();
    await enqueue(ours);
    await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
    expect(await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), retry)).toBe(true);
    expect(await runsOf(ours)).toEqual([
      [2, 'queued'],
      [1, 'failed'],
    ]);
    expect(await statusOf(ours)).toBe('processing');
    expect(await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toEqual(NOTHING);
    advanceClock(60_000);
    expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toMatchObject({ runs: [{ run: 2, backgroundRun: 2 }] });
  });

  it('is final without a next run', async () => {
    const { ours } = await twoProcesses();
    await enqueue(ours);
    await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
    await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), () => undefined);
    expect(await runsOf(ours)).toEqual([[1, 'failed']]);
    expect(await statusOf(ours)).toBe('failed');
  });

  it('does not repeat a run that was not queued', async () => {
    const { ours } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), retry);
    expect(await runsOf(ours)).toEqual([[1, 'failed']]);
  });

  it('continues the series when a request has started the run', async () => {
    const { ours } = await twoProcesses();
    await enqueue(ours);
    await ours.runs.claimRun(1, REUSE);
    await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), retry);
    expect(await runsOf(ours)).toEqual([
      [2, 'queued'],
      [1, 'failed'],
    ]);
  });

  it('returns the failure to those that wait for the run, and queued for its retry', async () => {
    const { ours, theirs } = await twoProcesses();
    await enqueue(ours);
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'queued' });
    await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
    await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), retry);
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'failed', failure: UNAVAILABLE });
    expect(await theirs.runs.getRunState(1, 2)).toEqual({ state: 'queued' });
  });
});

describe('an interrupted background run', () => {
  it('is queued again when it is released', async () => {
    const { ours, theirs } = await twoProcesses();
    await enqueue(ours);
    await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
    await ours.runs.releaseRun(1, 1, makeRunUsage());
    expect(await statusOf(ours)).toBe('processing');
    expect(await ours.runs.findRun(1, 1)).toMatchObject({ status: 'abandoned', ...makeRunUsage() });
    expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toMatchObject({ runs: [{ run: 2, backgroundRun: 1 }] });
  });

  it('is queued again when its lease has expired, and its owner is fenced off', async () => {
    const { ours, theirs } = await twoProcesses();
    await enqueue(ours);
    await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
    await theirs.runs.recoverExpiredRuns();
    expect(await runsOf(theirs)).toEqual([[1, 'running']]);
    advanceClock(LEASE_MS + 1);
    await theirs.runs.recoverExpiredRuns();
    expect(await statusOf(theirs)).toBe('processing');
    expect(await ours.runs.renewLeases([1])).toEqual([]);
    expect(await ours.runs.completeRun(1, makeNewResult(), makeRunUsage())).toBeUndefined();
    expect(await ours.runs.findRun(1, 1)).toMatchObject({ status: 'abandoned', ...makeRunUsage() });
    expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toMatchObject({ runs: [{ run: 2, backgroundRun: 1 }] });
  });

  it('is replaced by the run of a request that comes before the recovery', async () => {
    const { ours, theirs } = await twoProcesses();
    await enqueue(ours);
    await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
    advanceClock(LEASE_MS + 1);
    expect(await theirs.runs.claimRun(1, REUSE)).toMatchObject({ state: 'claimed', run: 2, wasReclaimed: true });
    await theirs.runs.releaseRun(1, 2, makeRunUsage());
    expect(await theirs.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toMatchObject({ runs: [{ run: 3, backgroundRun: 1 }] });
  });
});

describe('recoverExpiredRuns', () => {
  it('leaves queued runs alone', async () => {
    const { ours, theirs } = await twoProcesses();
    await enqueue(ours);
    advanceClock(24 * 3600 * 1000);
    await theirs.runs.recoverExpiredRuns();
    expect(await statusOf(theirs)).toBe('processing');
    expect(await runsOf(theirs)).toEqual([[1, 'queued']]);
  });
});

describe('count and oldestAgeMs', () => {
  it('measure the queue', async () => {
    const { ours } = await twoProcesses(2);
    const measure = async () => [await ours.queuedRuns.count(), await ours.queuedRuns.oldestAgeMs()];
    expect(await measure()).toEqual([0, 0]);
    await enqueue(ours, 1);
    advanceClock(1500);
    await enqueue(ours, 2);
    expect(await measure()).toEqual([2, 1500]);
    await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL);
    await ours.runs.failRun(1, 1, UNAVAILABLE, makeRunUsage(), () => ({ backgroundRun: 2, delayMs: 60_000 }));
    expect(await measure()).toEqual([1, 0]);
  });
});

describe('delete', () => {
  it('deletes a queued ticket without counting a run', async () => {
    const { ours } = await twoProcesses();
    await enqueue(ours);
    expect(await ours.tickets.delete(1)).toBe(true);
    const today = new Date().toISOString().slice(0, 10);
    const { total } = await ours.usage.report({ from: today, to: today, groupBy: 'day' });
    expect(total.runs).toEqual({ queued: 0, running: 0, succeeded: 0, failed: 0, abandoned: 0 });
    expect(await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toEqual(NOTHING);
  });
});
