import { drizzle } from 'drizzle-orm/better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';
import { prepareRunStatements } from './run-statements.ts';

const LEASE_MS = 10_000;
const FORCE = makeClaimOptions({ force: true, claim: true });
const REUSE = makeClaimOptions({ force: false, claim: true });
const REFUSED = { code: 'llm_refused', message: 'refused' } as const;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const advanceClock = (ms: number) => void vi.setSystemTime(Date.now() + ms);
const expireLeases = () => advanceClock(LEASE_MS + 1);

/** Two storages on one file act like two processes. The file has one ticket. */
async function twoProcesses() {
  const { path, storage: ours } = openTestStorage({ leaseMs: LEASE_MS });
  const { storage: theirs } = openTestStorage({ leaseMs: LEASE_MS }, path);
  await ours.tickets.create({ raw_text: 'x', source: 'web' });
  return { path, ours, theirs };
}

describe('claimRun', () => {
  it('returns ticket_not_found for an unknown ticket', async () => {
    const { ours } = await twoProcesses();
    expect(await ours.runs.claimRun(2, FORCE)).toEqual({ state: 'ticket_not_found' });
  });

  it('gives a run to one process only, until its result is stored', async () => {
    const { ours, theirs } = await twoProcesses();
    expect(await ours.runs.claimRun(1, FORCE)).toEqual({ state: 'claimed', run: 1, text: 'x', wasReclaimed: false });
    expect(await theirs.runs.claimRun(1, FORCE)).toEqual({ state: 'running', run: 1 });
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'running', run: 1 });
    const result = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'stored', result });
    expect(await theirs.runs.claimRun(1, REUSE)).toEqual({ state: 'stored', result });
    expect(await theirs.runs.claimRun(1, FORCE)).toMatchObject({ state: 'claimed', run: 2, wasReclaimed: false });
  });

  it('claims nothing if `claim` is false, but reports a run under way', async () => {
    const { ours, theirs } = await twoProcesses();
    const look = makeClaimOptions({ force: true, claim: false });
    expect(await ours.runs.claimRun(1, look)).toEqual({ state: 'unclaimed' });
    expect(await ours.tickets.findById(1)).toMatchObject({ status: 'new' });
    await ours.runs.claimRun(1, FORCE);
    expect(await theirs.runs.claimRun(1, look)).toEqual({ state: 'running', run: 1 });
  });

  it('reclaims a run when its lease has expired', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    expireLeases();
    expect(await theirs.runs.claimRun(1, FORCE)).toMatchObject({ state: 'claimed', run: 2, wasReclaimed: true });
  });

  it('claims the next run at once after a failure', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    await ours.runs.failRun(1, 1, REFUSED, makeRunUsage());
    expect(await theirs.runs.claimRun(1, REUSE)).toMatchObject({ state: 'claimed', run: 2, wasReclaimed: false });
    expect(await ours.runs.getRunState(1, 2)).toEqual({ state: 'running', run: 2 });
  });
});

describe('findCachedResult', () => {
  it('returns the stored result only while no run is under way', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    const stored = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
    expect(await theirs.runs.findCachedResult(1)).toEqual(stored);
    await ours.runs.claimRun(1, FORCE);
    expect(await theirs.runs.findCachedResult(1)).toBeUndefined();
    await ours.runs.failRun(1, 2, REFUSED, makeRunUsage());
    expect(await theirs.runs.findCachedResult(1)).toEqual(stored);
  });
});

describe('getRunState', () => {
  it('returns the failure of a run to another process', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    const failure = { ...REFUSED, openai_request_id: 'req_1' };
    await ours.runs.failRun(1, 1, failure, makeRunUsage());
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'failed', failure });
    expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'failed' });
  });

  it('returns the result of a run also when the next run is under way or has failed', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    const result = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
    await ours.runs.claimRun(1, FORCE);
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'stored', result });
    await ours.runs.failRun(1, 2, REFUSED, makeRunUsage());
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'stored', result });
    expect(await theirs.runs.getRunState(1, 2)).toEqual({ state: 'failed', failure: REFUSED });
  });

  it('returns released for a ticket that was never processed', async () => {
    const { ours } = await twoProcesses();
    expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'released' });
  });

  it('treats a lease from before the clock was set back as expired', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    advanceClock(-3_600_000);
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'released' });
  });
});

describe('releaseRun', () => {
  it('lets another process claim the next run at once', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    expect(await ours.runs.releaseRun(1, 1, makeRunUsage())).toBe(true);
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'released' });
    expect(await theirs.runs.claimRun(1, FORCE)).toMatchObject({ state: 'claimed', run: 2 });
  });
});

describe('renewLeases', () => {
  it('keeps a run beyond the length of a lease', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    for (let i = 0; i < 4; i += 1) {
      advanceClock(LEASE_MS / 2);
      await ours.runs.renewLeases([1]);
      await theirs.runs.recoverExpiredRuns();
    }
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'running', run: 1 });
    expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'processing' });
  });

  it('sets a ticket to processing again if its run was recovered too early', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    expireLeases();
    await theirs.runs.recoverExpiredRuns();
    expect(await ours.tickets.findById(1)).toMatchObject({ status: 'failed' });
    expect(await ours.runs.renewLeases([1])).toEqual([1]);
    expect(await ours.tickets.findById(1)).toMatchObject({ status: 'processing' });
  });

  it('does not renew a run that has ended', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    await ours.runs.failRun(1, 1, REFUSED, makeRunUsage());
    expect(await ours.runs.renewLeases([1])).toEqual([]);
    expect(await theirs.runs.claimRun(1, FORCE)).toMatchObject({ state: 'claimed' });
  });

  it('does not renew runs that are not in the list', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    advanceClock(LEASE_MS / 2);
    expect(await ours.runs.renewLeases([])).toEqual([]);
    expect(await ours.runs.renewLeases([2])).toEqual([]);
    advanceClock(LEASE_MS / 2 + 1);
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'released' });
  });
});

describe('an owner whose lease has expired', () => {
  it('cannot change a run that another process has claimed since', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    expireLeases();
    await theirs.runs.claimRun(1, FORCE);
    expect(await ours.runs.renewLeases([1])).toEqual([]);
    expect(await ours.runs.completeRun(1, makeNewResult({ summary: 'late' }), makeRunUsage())).toBeUndefined();
    expect(await ours.runs.failRun(1, 1, { code: 'llm_timeout', message: 'late' }, makeRunUsage())).toBe(false);
    expect(await ours.runs.releaseRun(1, 1, makeRunUsage())).toBe(false);
    expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'running', run: 2 });
    const result = await theirs.runs.completeRun(2, makeNewResult({ summary: 'theirs' }), makeRunUsage());
    expect(result).toMatchObject({ summary: 'theirs' });
    expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'stored', result });
    expect(await ours.runs.completeRun(1, makeNewResult({ summary: 'later' }), makeRunUsage())).toBeUndefined();
    expect(await ours.results.findByTicketId(1)).toEqual(result);
    expect(await ours.tickets.findById(1)).toMatchObject({ status: 'done' });
  });

  it('stores its result if no other process has claimed the run', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    expireLeases();
    await theirs.runs.recoverExpiredRuns();
    expect(await ours.runs.completeRun(1, makeNewResult({ summary: 'late' }), makeRunUsage())).toMatchObject({
      summary: 'late',
    });
    expect(await ours.tickets.findById(1)).toMatchObject({ status: 'done' });
  });
});

describe('recoverExpiredRuns', () => {
  it('sets a ticket without a result to failed', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    await theirs.runs.recoverExpiredRuns();
    expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'processing' });
    expireLeases();
    await theirs.runs.recoverExpiredRuns();
    expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'failed' });
  });

  it('sets a ticket with an older result to done and keeps the result', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    const stored = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
    await ours.runs.claimRun(1, FORCE);
    expireLeases();
    await theirs.runs.recoverExpiredRuns();
    expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'done' });
    expect(await theirs.results.findByTicketId(1)).toEqual(stored);
  });

  it('recovers a ticket in processing that has no run', async () => {
    const { path, ours } = await twoProcesses();
    openSqliteFile(path).exec("UPDATE tickets SET status = 'processing'");
    await ours.runs.recoverExpiredRuns();
    expect(await ours.tickets.findById(1)).toMatchObject({ status: 'failed' });
  });
  it.each(['findExpired', 'restoreExpired'] as const)('reads only tickets in processing (%s)', async (name) => {
    const { path } = await twoProcesses();
    const sqlite = openSqliteFile(path);
    const { sql, params } = prepareRunStatements(drizzle(sqlite))[name].getQuery();
    const values = params.map((value) => (typeof value === 'string' ? value : 0));
    const plan = sqlite.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
    expect(plan.map(({ detail }) => detail)).toContainEqual(
      expect.stringMatching(/^SEARCH tickets USING (?:COVERING )?INDEX tickets_status/),
    );
  });
});
