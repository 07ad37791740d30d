import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';

const LEASE_MS = 10_000;
const FORCE = makeClaimOptions({ force: true });
const REFUSED = { code: 'llm_refused', message: 'refused', openai_request_id: 'req_2' } as const;
const USAGE = makeRunUsage({ attempts: 2, input_tokens: 240, cost_usd: 0.0003 });

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());
const expireLeases = () => void vi.setSystemTime(Date.now() + LEASE_MS + 1);

/** Two storages on one file act like two processes. The file has one ticket. */
async function twoProcesses() {
  const { path, storage: ours } = openTestStorage({ leaseMs: LEASE_MS });
  const { storage: theirs } = openTestStorage({ leaseMs: LEASE_MS }, path);
  await ours.tickets.create({ raw_text: 'x', source: 'web' });
  return { path, ours, theirs };
}

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const RUNNING = {
  id: 1,
  ticket_id: 1,
  number: 1,
  status: 'running',
  created_at: TIME,
  started_at: TIME,
  finished_at: null,
  error_code: null,
  prompt_version: 'v1',
  provider: 'openai',
  model: 'gpt-test',
  openai_request_id: null,
  attempts: 0,
  latency_ms: null,
  input_tokens: null,
  output_tokens: null,
  total_tokens: null,
  cached_tokens: null,
  cost_usd: null,
  summary: null,
  category: null,
  reply_draft: null,
};
const ENDED = { ...RUNNING, finished_at: TIME, ...USAGE };

describe('findRun', () => {
  it('returns the row of a run under way', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    expect(await theirs.runs.findRun(1, 1)).toEqual(RUNNING);
    expect(await theirs.runs.findRun(1, 2)).toBeUndefined();
    expect(await theirs.runs.findRun(2, 1)).toBeUndefined();
  });

  it('returns what a successful run has answered and used', async () => {
    const { ours } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    const result = makeNewResult({ model: 'gpt-test-2026', input_tokens: 120 });
    await ours.runs.completeRun(1, result, USAGE);
    const { summary, category, reply_draft, openai_request_id, latency_ms } = result;
    const answer = { summary, category, reply_draft, openai_request_id, latency_ms, model: 'gpt-test-2026' };
    expect(await ours.runs.findRun(1, 1)).toEqual({ ...ENDED, status: 'succeeded', ...answer });
    expect(await ours.results.findByTicketId(1)).toMatchObject({ input_tokens: 120 }); // of the successful call alone
  });

  it('returns why a run failed and what its attempts have used', async () => {
    const { ours } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    await ours.runs.failRun(1, 1, REFUSED, USAGE);
    const failure = { error_code: 'llm_refused', openai_request_id: 'req_2' };
    expect(await ours.runs.findRun(1, 1)).toEqual({ ...ENDED, status: 'failed', ...failure });
  });

  it('returns a released run as abandoned', async () => {
    const { ours } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    await ours.runs.releaseRun(1, 1, USAGE);
    expect(await ours.runs.findRun(1, 1)).toEqual({ ...ENDED, status: 'abandoned' });
  });
});

describe('a run whose lease has expired', () => {
  it('is abandoned when the next one is claimed, and gets what it has used when its owner reports it', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    expireLeases();
    await theirs.runs.claimRun(1, FORCE);
    const abandoned = { ...RUNNING, status: 'abandoned', finished_at: TIME };
    const next = { ...RUNNING, id: 2, number: 2 };
    expect(await ours.runs.listRuns(1, { limit: 10 })).toEqual([next, abandoned]);
    expect(await ours.runs.completeRun(1, makeNewResult(), USAGE)).toBeUndefined();
    expect(await ours.runs.listRuns(1, { limit: 10 })).toEqual([next, { ...abandoned, ...USAGE }]);
    expect(await ours.results.findByTicketId(1)).toBeUndefined();
  });

  it('is abandoned by the recovery, and running again when its owner renews the lease', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    expireLeases();
    await theirs.runs.recoverExpiredRuns();
    expect(await theirs.runs.findRun(1, 1)).toEqual({ ...RUNNING, status: 'abandoned', finished_at: TIME });
    expect(await ours.runs.renewLeases([1])).toEqual([1]);
    expect(await theirs.runs.findRun(1, 1)).toEqual(RUNNING);
    expect(await theirs.runs.claimRun(1, FORCE)).toEqual({ state: 'running', run: 1 });
  });

  it('can be completed by its owner after the recovery', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    expireLeases();
    await theirs.runs.recoverExpiredRuns();
    await ours.runs.completeRun(1, makeNewResult(), USAGE);
    expect(await theirs.runs.findRun(1, 1)).toMatchObject({ status: 'succeeded', ...USAGE });
  });
});

describe('the database', () => {
  it.each(['queued', 'running'])('refuses a second active run of a ticket (%s)', async (status) => {
    const { path, ours } = await twoProcesses();
    const sqlite = openSqliteFile(path);
    const insert = (values: string) =>
      sqlite.exec(`INSERT INTO runs (ticket_id, number, status) VALUES (1, ${values})`);
    await ours.runs.claimRun(1, FORCE);
    expect(() => insert(`2, '${status}'`)).toThrow('UNIQUE constraint failed: runs.ticket_id');
    insert("2, 'failed'");
    expect(() => insert("2, 'failed'")).toThrow('UNIQUE constraint failed: runs.ticket_id, runs.number');
    expect(() => insert("3, 'lost'")).toThrow('CHECK constraint failed: runs_status');
  });
});

describe('listRuns', () => {
  it('returns pages of runs, newest first', async () => {
    const { ours } = await twoProcesses();
    for (let number = 1; number <= 5; number += 1) {
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.failRun(1, number, REFUSED, USAGE);
    }
    const numbers = async (page: { limit: number; before?: number }) =>
      (await ours.runs.listRuns(1, page))?.map(({ number }) => number);
    expect(await numbers({ limit: 2 })).toEqual([5, 4]);
    expect(await numbers({ limit: 2, before: 4 })).toEqual([3, 2]);
    expect(await numbers({ limit: 2, before: 2 })).toEqual([1]);
  });

  it('returns an empty list for a ticket without runs, and undefined for an unknown ticket', async () => {
    const { ours } = await twoProcesses();
    expect(await ours.runs.listRuns(1, { limit: 10 })).toEqual([]);
    expect(await ours.runs.listRuns(2, { limit: 10 })).toBeUndefined();
  });
});

describe('claimRun with a daily budget', () => {
  const withBudget = makeClaimOptions({ force: true, dailyBudgetUsd: 0.01 });
  const end = {
    succeeded: (storage: Storage) => storage.runs.completeRun(1, makeNewResult(), makeRunUsage({ cost_usd: 0.01 })),
    failed: (storage: Storage) => storage.runs.failRun(1, 1, REFUSED, makeRunUsage({ cost_usd: 0.01 })),
    released: (storage: Storage) => storage.runs.releaseRun(1, 1, makeRunUsage({ cost_usd: 0.01 })),
  };
  type Storage = Awaited<ReturnType<typeof twoProcesses>>['ours'];

  it.each(['succeeded', 'failed', 'released'] as const)('counts runs of other processes that %s', async (outcome) => {
    const { ours, theirs } = await twoProcesses();
    await theirs.tickets.create({ raw_text: 'y', source: 'web' });
    expect(await ours.runs.claimRun(1, withBudget)).toMatchObject({ state: 'claimed' });
    expect(await theirs.runs.claimRun(2, withBudget)).toMatchObject({ state: 'claimed' }); // nothing has been paid yet
    expect(await theirs.runs.releaseRun(2, 1, makeRunUsage({ cost_usd: null }))).toBe(true);
    await end[outcome](ours);
    expect(await theirs.runs.claimRun(2, withBudget)).toEqual({ state: 'budget_exhausted' });
    expect(await theirs.runs.claimRun(2, FORCE)).toMatchObject({ state: 'claimed' });
  });

  it('still reports stored results and runs under way', async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.tickets.create({ raw_text: 'y', source: 'web' });
    await ours.runs.claimRun(2, FORCE);
    await ours.runs.claimRun(1, FORCE);
    const result = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage({ cost_usd: 1 }));
    const options = { ...withBudget, force: false };
    expect(await theirs.runs.claimRun(1, options)).toEqual({ state: 'stored', result });
    expect(await theirs.runs.claimRun(2, options)).toEqual({ state: 'running', run: 1 });
    expect(await theirs.runs.claimRun(3, options)).toEqual({ state: 'ticket_not_found' });
  });

  it('starts anew on the next UTC date', async () => {
    const { ours } = await twoProcesses();
    await ours.runs.claimRun(1, FORCE);
    await end.failed(ours);
    expect(await ours.runs.claimRun(1, withBudget)).toEqual({ state: 'budget_exhausted' });
    vi.setSystemTime(Date.now() + 24 * 3600 * 1000);
    expect(await ours.runs.claimRun(1, withBudget)).toMatchObject({ state: 'claimed' });
  });

  it('keeps counting the runs of deleted tickets', async () => {
    const { ours } = await twoProcesses();
    await ours.tickets.create({ raw_text: 'y', source: 'web' });
    await ours.runs.claimRun(1, FORCE);
    await end.released(ours);
    await ours.tickets.delete(1);
    expect(await ours.runs.claimRun(2, withBudget)).toEqual({ state: 'budget_exhausted' });
  });
});
