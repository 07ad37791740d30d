import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { afterAllTests, type CleanUp } from '../testing/clean-up.ts';
import { openSqliteFile } from '../testing/database.ts';
import { completed } from '../testing/provider.ts';
import { shareService, startService, withTickets } from '../testing/service.ts';

afterEach(() => vi.useRealTimers());

const NO_RUNS = { queued: 0, running: 0, succeeded: 0, failed: 0, abandoned: 0 };
const NOTHING = {
  runs: NO_RUNS,
  input_tokens: 0,
  output_tokens: 0,
  total_tokens: 0,
  cached_tokens: 0,
  cost_usd: null,
  p50_latency_ms: null,
  p95_latency_ms: null,
};

interface DailySum {
  day: string;
  category?: string;
  error_code?: string;
  status?: string;
  latency_ms?: number;
  cost_usd?: number | null;
}

/** Stores sums of 10 runs each. */
function insertSums(database: string, sums: DailySum[], cleanUp?: CleanUp) {
  const insert = openSqliteFile(database, cleanUp).prepare(
    `INSERT INTO usage_daily VALUES (@day, 'openai', 'gpt', 'v1', @category, @error_code, @status, @latency_ms,
      10, 11, 1000, 200, 1200, 64, @cost_usd)`,
  );
  const defaults = { category: 'bug', error_code: '', status: 'succeeded', latency_ms: 900, cost_usd: 0.25 };
  for (const sum of sums) insert.run({ ...defaults, ...sum });
}

describe('GET /usage', () => {
  it('returns the sums of each day and in total', async () => {
    const { database, read } = await startService();
    insertSums(database, [
      { day: '2026-01-31' },
      { day: '2026-02-01' },
      { day: '2026-02-02', latency_ms: 3000, cost_usd: 0.5 },
      { day: '2026-02-02', category: '', error_code: 'llm_timeout', status: 'failed', latency_ms: 0, cost_usd: null },
      { day: '2026-02-03' },
    ]);
    const tokens = { input_tokens: 1000, output_tokens: 200, total_tokens: 1200, cached_tokens: 64 };
    expect(await read('/usage?from=2026-02-01&to=2026-02-02')).toEqual({
      from: '2026-02-01',
      to: '2026-02-02',
      group_by: 'day',
      data: [
        {
          group: '2026-02-01',
          runs: { ...NO_RUNS, succeeded: 10 },
          ...tokens,
          cost_usd: 0.25,
          p50_latency_ms: 900,
          p95_latency_ms: 900,
        },
        {
          group: '2026-02-02',
          runs: { ...NO_RUNS, succeeded: 10, failed: 10 },
          input_tokens: 2000,
          output_tokens: 400,
          total_tokens: 2400,
          cached_tokens: 128,
          cost_usd: 0.5,
          p50_latency_ms: 3000,
          p95_latency_ms: 3000,
        },
      ],
      total: {
        runs: { ...NO_RUNS, succeeded: 20, failed: 10 },
        input_tokens: 3000,
        output_tokens: 600,
        total_tokens: 3600,
        cached_tokens: 192,
        cost_usd: 0.75,
        p50_latency_ms: 900,
        p95_latency_ms: 3000,
      },
    });
  });

  const withSums = shareService();
  const cleanUp = afterAllTests();
  beforeAll(async () => {
    const sums = [
      { day: '2026-02-01' },
      { day: '2026-02-01', category: 'billing' },
      { day: '2026-02-02', category: '', error_code: 'llm_timeout', status: 'failed' },
    ];
    insertSums((await withSums()).database, sums, cleanUp);
  });

  it.each([
    ['day', ['2026-02-01', '2026-02-02']],
    ['model', ['gpt']],
    ['prompt_version', ['v1']],
    ['category', [null, 'billing', 'bug']],
    ['error_code', [null, 'llm_timeout']],
  ])('groups by %s', async (group_by, groups) => {
    const { read } = await withSums();
    const usage = await read(`/usage?from=2026-02-01&to=2026-02-02&group_by=${group_by}`);
    expect(usage.group_by).toBe(group_by);
    expect(usage.data.map(({ group }: { group: string | null }) => group)).toEqual(groups);
    expect(usage.total.runs).toEqual({ ...NO_RUNS, succeeded: 20, failed: 10 });
  });

  it('counts the runs of today, those in progress included', async () => {
    const { process, provider, read } = await withTickets(3, {});
    await process(1);
    provider.respond({ status: 500 });
    await process(2);
    let during: unknown;
    provider.respond(async () => {
      during = (await read('/usage')).total;
      return completed();
    });
    await process(3);
    expect(during).toMatchObject({
      runs: { ...NO_RUNS, running: 1, succeeded: 1, failed: 1 },
      input_tokens: 120,
      cost_usd: expect.closeTo(0.0000372, 10),
    });
  });

  it('keeps the sums of a deleted ticket', async () => {
    const { app, process, read } = await withTickets(1, {});
    await process(1);
    const before = await read('/usage');
    await app.inject({ method: 'DELETE', url: '/tickets/1' });
    expect(before.total.runs.succeeded).toBe(1);
    expect(await read('/usage')).toEqual(before);
  });

  const empty = shareService();

  it.each([
    ['', '2026-01-19', '2026-02-17'],
    ['?from=2026-02-10', '2026-02-10', '2026-02-17'],
    ['?to=2026-01-30', '2026-01-01', '2026-01-30'],
    ['?from=2024-02-29&to=2024-02-29', '2024-02-29', '2024-02-29'],
    ['?from=2016-02-11', '2016-02-11', '2026-02-17'],
  ])('covers the last 30 days, today in UTC included, unless told otherwise: %j', async (query, from, to) => {
    const { read } = await empty();
    vi.useFakeTimers({ now: new Date('2026-02-17T23:59:59Z'), toFake: ['Date'] });
    expect(await read(`/usage${query}`)).toEqual({ from, to, group_by: 'day', data: [], total: NOTHING });
  });

  const NO_DATE = 'must be a date such as 2026-02-17';
  it.each([
    ['from=2026-02-30', 'from', NO_DATE],
    ['from=2025-02-29', 'from', NO_DATE],
    ['to=2026-13-01', 'to', NO_DATE],
    ['to=2026-2-1', 'to', NO_DATE],
    ['to=2026-02-17T00:00:00Z', 'to', NO_DATE],
    ['to=1969-12-31', 'to', NO_DATE],
    ['to=', 'to', NO_DATE],
    ['to=%202026-02-17', 'to', NO_DATE],
    ['from=2026-02-02&to=2026-02-01', 'from', 'must not be after to'],
    ['from=9999-12-31', 'from', 'must not be after to'],
    ['from=2016-02-10&to=2026-02-17', 'from', 'must be less than 3660 days before to'],
    ['group_by=ticket', 'group_by', 'must be one of day, model, prompt_version, category, error_code'],
    ['from=2026-02-01&from=2026-02-02', 'from', 'must be given only once'],
    ['limit=1', 'limit', 'is not a parameter of this route'],
  ])('returns 422 for ?%s', async (query, name, msg) => {
    const { read } = await empty();
    const errors = [{ loc: ['query', name], msg }];
    expect(await read(`/usage?${query}`)).toMatchObject({ status: 422, code: 'invalid_input', errors });
  });

  it('needs a key if there are keys', async () => {
    const { read } = await startService({ app: { apiKeys: [{ name: 'support', key: 'a-key-0123456789abcdef' }] } });
    expect(await read('/usage')).toMatchObject({ status: 401 });
  });
});
