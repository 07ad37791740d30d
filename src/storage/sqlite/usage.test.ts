import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { describe, expect, it } from 'vitest';
import { USAGE_GROUPS, type UsageGroupName } from '../../schemas/usage.ts';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';
import { prepareRunStatements } from './run-statements.ts';
import { prepareCostStatements } from './usage.ts';

const today = new Date().toISOString().slice(0, 10);
const FORCE = makeClaimOptions({ force: true });
const NO_RUNS = { queued: 0, running: 0, succeeded: 0, failed: 0, abandoned: 0 };

/** Runs of every status: 3 successful with 100, 200 and 300 ms, 1 failed, 1 abandoned, 1 running, 1 queued. */
async function withRuns() {
  const { path, storage } = openTestStorage();
  for (let id = 1; id <= 3; id += 1) await storage.tickets.create({ raw_text: 'x', source: 'web' });
  let number = 0;
  for (const latency_ms of [100, 200, 300]) {
    number += 1;
    await storage.runs.claimRun(1, FORCE);
    const category = latency_ms === 300 ? 'billing' : 'auth/login';
    await storage.runs.completeRun(number, makeNewResult({ latency_ms, category }), makeRunUsage({ cost_usd: 0.5 }));
  }
  await storage.runs.claimRun(1, FORCE);
  await storage.runs.failRun(1, 4, { code: 'llm_refused', message: 'refused' }, makeRunUsage({ cost_usd: 0.25 }));
  await storage.runs.claimRun(1, FORCE);
  await storage.runs.releaseRun(1, 5, makeRunUsage({ cost_usd: null }));
  await storage.runs.claimRun(2, FORCE);
  const sqlite = openSqliteFile(path);
  sqlite.exec("INSERT INTO runs (ticket_id, number, status) VALUES (3, 1, 'queued')");
  const report = (groupBy: UsageGroupName = 'day', from = today, to = today) =>
    storage.usage.report({ from, to, groupBy });
  return { storage, sqlite, report };
}

describe('report', () => {
  it('adds up the runs of a day', async () => {
    const { report } = await withRuns();
    const sums = {
      runs: { queued: 1, running: 1, succeeded: 3, failed: 1, abandoned: 1 },
      input_tokens: 5 * 120,
      output_tokens: 5 * 40,
      total_tokens: 5 * 160,
      cached_tokens: 5 * 64,
      cost_usd: 1.75,
      p50_latency_ms: 200,
      p95_latency_ms: 300,
    };
    expect(await report()).toEqual({ data: [{ group: today, ...sums }], total: sums });
  });

  it.each([
    ['model', { 'gpt-test': { succeeded: 3, failed: 1, abandoned: 1, running: 1 }, null: { queued: 1 } }],
    ['prompt_version', { v1: { succeeded: 3, failed: 1, abandoned: 1, running: 1 }, null: { queued: 1 } }],
    [
      'category',
      {
        'auth/login': { succeeded: 2 },
        billing: { succeeded: 1 },
        null: { failed: 1, abandoned: 1, running: 1, queued: 1 },
      },
    ],
    ['error_code', { llm_refused: { failed: 1 }, null: { succeeded: 3, abandoned: 1, running: 1, queued: 1 } }],
  ] as const)('groups by %s', async (groupBy, expected) => {
    const { report } = await withRuns();
    const { data, total } = await report(groupBy);
    const counts = Object.entries(expected).map(([group, runs]) => [group, { ...NO_RUNS, ...runs }]);
    expect(Object.fromEntries(data.map(({ group, runs }) => [group, runs]))).toEqual(Object.fromEntries(counts));
    expect(total).toEqual((await report()).total);
  });

  it('reads the days from the first to the last, inclusive', async () => {
    const { report, sqlite } = await withRuns();
    sqlite.exec(`UPDATE usage_daily SET day = '2026-02-17';
      UPDATE runs SET created_at = '2026-02-17 23:59:59' WHERE status = 'running';
      UPDATE runs SET created_at = '2026-02-18 00:00:00' WHERE status = 'queued';
      UPDATE runs SET created_at = '2026-02-16 23:59:59' WHERE status = 'abandoned'`);
    const runs = async (from: string, to: string) => (await report('day', from, to)).total.runs;
    expect(await runs('2026-02-17', '2026-02-17')).toEqual({ ...NO_RUNS, succeeded: 3, failed: 1, running: 1 });
    expect(await runs('2026-02-16', '2026-02-16')).toEqual({ ...NO_RUNS, abandoned: 1 });
    expect(await runs('2026-02-18', '2026-02-28')).toEqual({ ...NO_RUNS, queued: 1 });
    const { data } = await report('day', '2026-02-01', '2026-02-28');
    expect(data.map(({ group }) => group)).toEqual(['2026-02-16', '2026-02-17', '2026-02-18']);
  });

  it.each(USAGE_GROUPS)('is empty for a range without runs (%s)', async (groupBy) => {
    const { report } = await withRuns();
    const { data, total } = await report(groupBy, '2020-01-01', '2020-01-31');
    expect(data).toEqual([]);
    expect(total).toMatchObject({ runs: NO_RUNS, input_tokens: 0, cost_usd: null, p50_latency_ms: null });
  });

  it('does not change when a ticket is deleted, except for the runs under way', async () => {
    const { report, storage } = await withRuns();
    const before = (await report()).total;
    await storage.tickets.delete(1);
    expect((await report()).total).toEqual(before);
    await storage.tickets.delete(2);
    expect((await report()).total.runs).toEqual({ ...before.runs, running: 0, abandoned: 2 });
  });

  it('counts a latency of 0 ms as known', async () => {
    const { storage } = openTestStorage();
    await storage.tickets.create({ raw_text: 'x', source: 'web' });
    for (const [index, latency_ms] of [null, 0, 0, 3].entries()) {
      await storage.runs.claimRun(1, FORCE);
      await storage.runs.completeRun(index + 1, makeNewResult({ latency_ms }), makeRunUsage());
    }
    const { total } = await storage.usage.report({ from: today, to: today, groupBy: 'day' });
    expect(total).toMatchObject({ p50_latency_ms: 0, p95_latency_ms: 3 });
  });

  it('has percentiles within 5 % of the exact ones', async () => {
    const { storage } = openTestStorage();
    await storage.tickets.create({ raw_text: 'x', source: 'web' });
    for (let number = 1; number <= 100; number += 1) {
      await storage.runs.claimRun(1, FORCE);
      await storage.runs.completeRun(number, makeNewResult({ latency_ms: 1000 + 7 * number }), makeRunUsage());
    }
    const { total } = await storage.usage.report({ from: today, to: today, groupBy: 'day' });
    expect(Math.abs((total.p50_latency_ms ?? 0) / 1350 - 1)).toBeLessThan(0.05);
    expect(Math.abs((total.p95_latency_ms ?? 0) / 1665 - 1)).toBeLessThan(0.05);
  });
});

describe('costOfDay', () => {
  it('sums the known costs of the runs that started on a date', async () => {
    const { storage } = await withRuns();
    expect(await storage.usage.costOfDay(today)).toBe(1.75);
    expect(await storage.usage.costOfDay('2026-02-17')).toBe(0);
  });
});

describe('the statements', () => {
  const planOf = async (choose: (db: BetterSQLite3Database) => { getQuery(): { sql: string; params: unknown[] } }) => {
    const { sqlite } = await withRuns();
    const { sql, params } = choose(drizzle(sqlite)).getQuery();
    const values = params.map((value) => (typeof value === 'string' ? value : 0));
    const plan = sqlite.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
    return plan.map(({ detail }) => detail).join('\n');
  };

  it.each(['abandonExpired', 'abandon', 'list', 'findRun', 'findNewest', 'complete', 'addLateUsage'] as const)(
    'reads runs by an index (%s)',
    async (name) => {
      const plan = await planOf((db) => prepareRunStatements(db)[name]);
      expect(plan).toMatch(/(?:SEARCH|SCAN) runs USING INDEX runs_/);
      expect(plan).not.toMatch(/SCAN (?!runs USING INDEX runs_active)/);
    },
  );

  it('reads the cost of a day by indexes', async () => {
    expect(await planOf((db) => prepareCostStatements(db).ended)).toMatch(
      /^SEARCH usage_daily USING PRIMARY KEY \(day=\?\)$/,
    );
    expect(await planOf((db) => prepareCostStatements(db).withoutOutcome)).toBe(
      'SEARCH runs USING INDEX runs_without_outcome (created_at>? AND created_at<?)',
    );
  });
});
