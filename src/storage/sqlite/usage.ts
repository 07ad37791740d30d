import { and, between, eq, gte, lt, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { UsageGroupName } from '../../schemas/usage.ts';
import type { UsageRepository } from '../types.ts';
import { roundLatency, summarizeUsage } from '../usage-report.ts';
import { read } from './errors.ts';
import type { COUNTED_COLUMNS } from './run-columns.ts';
import { runs, usageDaily } from './schema.ts';

type CountedRun = Pick<typeof runs.$inferSelect, keyof typeof COUNTED_COLUMNS>;

const SUMS = ['runs', 'attempts', 'input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens'] as const;

/**
 * Queued, running and abandoned runs are few and may still change, so they are read one by one. These are the words of
 * the partial index `runs_without_outcome`: SQLite uses it only if they are part of the statement.
 */
const isWithoutOutcome = sql`status in ('queued', 'running', 'abandoned')`;

/** Runs that were created on these UTC dates, inclusive. */
const isCreatedBetween = (from: string, to: string) =>
  and(
    gte(runs.created_at, sql`${sql.placeholder(from)}`),
    lt(runs.created_at, sql`date(${sql.placeholder(to)}, '+1 day')`),
  );

/** Returns a function that adds a run to the sums of its day; to be called when nothing can change it any more. */
export function createUsageRecorder(db: BetterSQLite3Database): (run: CountedRun) => void {
  const values = Object.fromEntries(Object.keys(usageDaily).map((name) => [name, sql.placeholder(name)]));
  const insert = db
    .insert(usageDaily)
    .values(values as Record<keyof typeof usageDaily.$inferInsert, ReturnType<typeof sql.placeholder>>)
    .onConflictDoUpdate({
      target: [
        usageDaily.day,
        usageDaily.provider,
        usageDaily.model,
        usageDaily.prompt_version,
        usageDaily.category,
        usageDaily.error_code,
        usageDaily.status,
        usageDaily.latency_ms,
      ],
      set: {
        ...Object.fromEntries(SUMS.map((name) => [name, sql.raw(`${name} + excluded.${name}`)])),
        cost_usd: sql.raw('coalesce(cost_usd + excluded.cost_usd, cost_usd, excluded.cost_usd)'),
      },
    })
    .prepare();

  return (run) =>
    void insert.run({
      day: (run.started_at ?? run.created_at).slice(0, 10),
      provider: run.provider ?? '',
      model: run.model ?? '',
      prompt_version: run.prompt_version ?? '',
      category: run.category ?? '',
      error_code: run.error_code ?? '',
      status: run.status,
      latency_ms: roundLatency(run.latency_ms ?? -1),
      runs: 1,
      attempts: run.attempts,
      input_tokens: run.input_tokens ?? 0,
      output_tokens: run.output_tokens ?? 0,
      total_tokens: run.total_tokens ?? 0,
      cached_tokens: run.cached_tokens ?? 0,
      cost_usd: run.cost_usd,
    });
}

/** Returns a function that sums the known costs of the runs that started on a UTC date. */
export function prepareCostOfDay(db: BetterSQLite3Database): (day: string) => number {
  const { ended, withoutOutcome } = prepareCostStatements(db);
  return (day) => (ended.get({ day })?.cost ?? 0) + (withoutOutcome.get({ day })?.cost ?? 0);
}

/** Exported for tests. */
export function prepareCostStatements(db: BetterSQLite3Database) {
  const cost = sql<number | null>`sum(cost_usd)`;
  return {
    ended: db
      .select({ cost })
      .from(usageDaily)
      .where(eq(usageDaily.day, sql.placeholder('day')))
      .prepare(),
    withoutOutcome: db
      .select({ cost })
      .from(runs)
      .where(and(isWithoutOutcome, isCreatedBetween('day', 'day')))
      .prepare(),
  };
}

export function createUsageRepository(db: BetterSQLite3Database): UsageRepository {
  const range = [sql.placeholder('from'), sql.placeholder('to')] as const;
  const sum = (name: string) => sql<number>`sum(${sql.raw(name)})`.mapWith(Number);
  const sums = {
    input_tokens: sum('input_tokens'),
    output_tokens: sum('output_tokens'),
    total_tokens: sum('total_tokens'),
    cached_tokens: sum('cached_tokens'),
    cost_usd: sql<number | null>`sum(cost_usd)`,
  };
  const day = sql<string>`substr(${runs.created_at}, 1, 10)`;

  const prepareReport = (groupBy: UsageGroupName) => ({
    ended: db
      .select({
        group: usageDaily[groupBy],
        status: usageDaily.status,
        latency_ms: usageDaily.latency_ms,
        runs: sum('runs'),
        ...sums,
      })
      .from(usageDaily)
      .where(between(usageDaily.day, ...range))
      .groupBy(usageDaily[groupBy], usageDaily.status, usageDaily.latency_ms)
      .prepare(),
    withoutOutcome: db
      .select({
        group: groupBy === 'day' ? day : sql<string>`coalesce(${runs[groupBy]}, '')`,
        status: runs.status,
        latency_ms: sql<number>`-1`,
        runs: sql<number>`count(*)`,
        ...sums,
      })
      .from(runs)
      .where(and(isWithoutOutcome, isCreatedBetween('from', 'to')))
      .groupBy(sql`1`, runs.status)
      .prepare(),
  });
  const reports = new Map<UsageGroupName, ReturnType<typeof prepareReport>>();

  const costOfDay = prepareCostOfDay(db);

  return {
    report: ({ from, to, groupBy }) =>
      read(() => {
        const report = reports.get(groupBy) ?? prepareReport(groupBy);
        reports.set(groupBy, report);
        return summarizeUsage([...report.ended.all({ from, to }), ...report.withoutOutcome.all({ from, to })]);
      }),

    costOfDay: (day) => read(() => costOfDay(day)),
  };
}
