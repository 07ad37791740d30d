import { and, between, eq, gte, lt, type SQL, sql } from 'drizzle-orm';
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
 * The runs that are not in the sums by day. SQLite uses the partial indexes `runs_queued`, `runs_running` and
 * `runs_abandoned` only if a statement has these words.
 */
const isQueued = sql`status = 'queued'`;
const isRunning = sql`status = 'running'`;
const isAbandoned = sql`status = 'abandoned'`;

/** Runs that started on these UTC dates, inclusive. */
const isStartedBetween = (from: string, to: string) =>
  and(
    gte(runs.started_at, sql`${sql.placeholder(from)}`),
    lt(runs.started_at, sql`date(${sql.placeholder(to)}, '+1 day')`),
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
  // Running ones have no cost yet.
  const { ended, abandoned } = prepareCostStatements(db);
  return (day) => (ended.get({ day })?.cost ?? 0) + (abandoned.get({ day })?.cost ?? 0);
}

/** Returns a function that compares the known costs of the runs that started today (UTC) with a budget. */
export function createBudgetCheck(db: BetterSQLite3Database): (dailyBudgetUsd: number | undefined) => boolean {
  const costOfDay = prepareCostOfDay(db);
  const today = () => new Date().toISOString().slice(0, 10);
  return (dailyBudgetUsd) => dailyBudgetUsd !== undefined && costOfDay(today()) >= dailyBudgetUsd;
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
    abandoned: db
      .select({ cost })
      .from(runs)
      .where(and(isAbandoned, isStartedBetween('day', 'day')))
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
  const day = sql<string>`substr(${runs.started_at}, 1, 10)`;
  /** A queued run has no start yet. This reads nothing but the index `runs_queued`, because there may be many. */
  const queuedDay = sql<string>`date(${runs.start_after} / 1000, 'unixepoch')`;
  const nothing = sql<number>`0`;

  const prepareStarted = (groupBy: UsageGroupName, isOfStatus: SQL) =>
    db
      .select({
        group: groupBy === 'day' ? day : sql<string>`coalesce(${runs[groupBy]}, '')`,
        status: runs.status,
        latency_ms: sql<number>`-1`,
        runs: sql<number>`count(*)`,
        ...sums,
      })
      .from(runs)
      .where(and(isOfStatus, isStartedBetween('from', 'to')))
      .groupBy(sql`1`)
      .prepare();

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
    running: prepareStarted(groupBy, isRunning),
    abandoned: prepareStarted(groupBy, isAbandoned),
    queued: db
      .select({
        group: groupBy === 'day' ? queuedDay : sql<string>`''`,
        status: sql<'queued'>`'queued'`,
        latency_ms: sql<number>`-1`,
        runs: sql<number>`count(*)`,
        input_tokens: nothing,
        output_tokens: nothing,
        total_tokens: nothing,
        cached_tokens: nothing,
        cost_usd: sql<null>`null`,
      })
      .from(runs)
      .where(
        and(
          isQueued,
          gte(runs.start_after, sql`unixepoch(${sql.placeholder('from')}) * 1000`),
          lt(runs.start_after, sql`unixepoch(${sql.placeholder('to')}, '+1 day') * 1000`),
        ),
      )
      .groupBy(sql`1`)
      .prepare(),
  });
  const reports = new Map<UsageGroupName, ReturnType<typeof prepareReport>>();

  const costOfDay = prepareCostOfDay(db);

  return {
    report: ({ from, to, groupBy }) =>
      read(() => {
        const report = reports.get(groupBy) ?? prepareReport(groupBy);
        reports.set(groupBy, report);
        const { ended, running, abandoned, queued } = report;
        return summarizeUsage([ended, running, abandoned, queued].flatMap((part) => part.all({ from, to })));
      }),

    costOfDay: (day) => read(() => costOfDay(day)),
  };
}
