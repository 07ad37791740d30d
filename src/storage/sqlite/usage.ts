import { and, between, eq, inArray, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { UsageGroupName } from '../../schemas/usage.ts';
import type { UsageRepository } from '../types.ts';
import { summarizeUsage } from '../usage-report.ts';
import { read } from './errors.ts';
import { runs, usageDaily } from './schema.ts';

type RunRow = typeof runs.$inferSelect;

const SUMS = ['runs', 'attempts', 'input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens'] as const;

/** Returns a function that adds a run that has succeeded or failed to the sums of its day. */
export function createUsageRecorder(db: BetterSQLite3Database): (run: RunRow) => void {
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
      latency_ms: Number((run.latency_ms ?? 0).toPrecision(2)),
      runs: 1,
      attempts: run.attempts,
      input_tokens: run.input_tokens ?? 0,
      output_tokens: run.output_tokens ?? 0,
      total_tokens: run.total_tokens ?? 0,
      cached_tokens: run.cached_tokens ?? 0,
      cost_usd: run.cost_usd,
    });
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
  /** Queued, running and abandoned runs are few and may still change, so they are read one by one. */
  const isWithoutOutcome = inArray(runs.status, [
    sql.raw("'queued'"),
    sql.raw("'running'"),
    sql.raw("'abandoned'"),
  ] as never);
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
        latency_ms: sql<number>`0`,
        runs: sql<number>`count(*)`,
        ...sums,
      })
      .from(runs)
      .where(and(isWithoutOutcome, between(day, ...range)))
      .groupBy(sql`1`, runs.status)
      .prepare(),
  });
  const reports = new Map<UsageGroupName, ReturnType<typeof prepareReport>>();

  const costOfDay = db
    .select({ cost: sql<number | null>`sum(cost_usd)` })
    .from(usageDaily)
    .where(eq(usageDaily.day, sql.placeholder('day')))
    .prepare();

  return {
    report: ({ from, to, groupBy }) =>
      read(() => {
        const report = reports.get(groupBy) ?? prepareReport(groupBy);
        reports.set(groupBy, report);
        return summarizeUsage([...report.ended.all({ from, to }), ...report.withoutOutcome.all({ from, to })]);
      }),

    costOfDay: (day) => read(() => costOfDay.get({ day })?.cost ?? 0),
  };
}
