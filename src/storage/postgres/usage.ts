import { and, between, type SQL, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import type { UsageGroupName } from '../../schemas/usage.ts';
import type { UsageRepository } from '../types.ts';
import { summarizeUsage } from '../usage-report.ts';
import type { Connections } from './connections.ts';
import { runs, usageDaily } from './schema.ts';

/** A column whose time is on one of these UTC dates, inclusive. */
const isBetween = (column: SQL, from: SQL, to: SQL) =>
  sql`${column} >= ${from}::date::timestamp at time zone 'UTC'
    and ${column} < (${to}::date + 1)::timestamp at time zone 'UTC'`;
const STARTED_AT = sql`started_at`;
const START_AFTER = sql`start_after`;
const dateOf = (column: SQL) => sql<string>`(${column} at time zone 'UTC')::date::text`;

/**
 * A statement that adds runs to the sums of their days, to be executed when nothing can change them any more.
 *
 * @param from a relation with the columns of `runs`.
 */
export const recordUsage = (from: SQL, { status, latencyMs }: { status: string; latencyMs: SQL }) => sql`
  insert into usage_daily (day, provider, model, prompt_version, category, error_code, status, latency_ms, runs, attempts,
    input_tokens, output_tokens, total_tokens, cached_tokens, cost_usd)
  select (coalesce(started_at, created_at) at time zone 'UTC')::date, coalesce(provider, ''), coalesce(model, ''),
    coalesce(prompt_version, ''), coalesce(category, ''), coalesce(error_code, ''), ${status}::text, ${latencyMs},
    count(*), sum(attempts), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
    coalesce(sum(total_tokens), 0), coalesce(sum(cached_tokens), 0), sum(cost_usd)
  from ${from}
  group by 1, 2, 3, 4, 5, 6, 8
  order by 1, 2, 3, 4, 5, 6, 8 -- locks the rows in one order, so that two servers cannot deadlock
  on conflict (day, provider, model, prompt_version, category, error_code, status, latency_ms) do update set
    runs = usage_daily.runs + excluded.runs,
    attempts = usage_daily.attempts + excluded.attempts,
    input_tokens = usage_daily.input_tokens + excluded.input_tokens,
    output_tokens = usage_daily.output_tokens + excluded.output_tokens,
    total_tokens = usage_daily.total_tokens + excluded.total_tokens,
    cached_tokens = usage_daily.cached_tokens + excluded.cached_tokens,
    cost_usd = coalesce(usage_daily.cost_usd + excluded.cost_usd, usage_daily.cost_usd, excluded.cost_usd)`;

/** The UTC date of the database's clock. */
export const TODAY = sql`(now() at time zone 'UTC')`;

/** The known cost in US dollars of the runs that started on a UTC date and have ended. */
export const costOfDay = (day: SQL) => sql<number>`
  (select coalesce(sum(cost_usd), 0) from usage_daily where day = ${day}::date) +
  (select coalesce(sum(cost_usd), 0) from runs where status = 'abandoned' and ${isBetween(STARTED_AT, day, day)})`;

export function createUsageRepository({ reads, slow }: Pick<Connections, 'reads' | 'slow'>): UsageRepository {
  const from = sql`${sql.placeholder('from')}`;
  const to = sql`${sql.placeholder('to')}`;
  const sum = (name: string) => sql<number>`sum(${sql.identifier(name)})`.mapWith(Number);
  /** A null is not mapped. */
  const sumOrNull = (name: string) => sum(name) as SQL<number | null>;
  const total = (name: string) => sql<number>`coalesce(sum(${sql.identifier(name)}), 0)`.mapWith(Number);
  const sums = {
    input_tokens: total('input_tokens'),
    output_tokens: total('output_tokens'),
    total_tokens: total('total_tokens'),
    cached_tokens: total('cached_tokens'),
    cost_usd: sumOrNull('cost_usd'),
  };

  /** One statement, so that a run that ends meanwhile is counted once. */
  const prepareReport = (groupBy: UsageGroupName) =>
    unionAll(
      slow
        .select({
          group: sql<string>`${usageDaily[groupBy]}::text`,
          status: usageDaily.status,
          latency_ms: usageDaily.latency_ms,
          runs: sum('runs'),
          ...sums,
        })
        .from(usageDaily)
        .where(between(usageDaily.day, sql`${from}::date`, sql`${to}::date`))
        .groupBy(usageDaily[groupBy], usageDaily.status, usageDaily.latency_ms),
      slow
        .select({
          group: groupBy === 'day' ? dateOf(STARTED_AT) : sql<string>`coalesce(${runs[groupBy]}, '')`,
          status: runs.status,
          latency_ms: sql<number>`-1`,
          runs: sql<number>`count(*)`,
          ...sums,
        })
        .from(runs)
        // Each status has an index, which `in` would not use.
        .where(and(sql`(status = 'running' or status = 'abandoned')`, isBetween(STARTED_AT, from, to)))
        .groupBy(sql`1`, runs.status),
      // Nothing but an index, because there may be many.
      slow
        .select({
          group: groupBy === 'day' ? dateOf(START_AFTER) : sql<string>`''`,
          status: sql<'queued'>`'queued'`,
          latency_ms: sql<number>`-1`,
          runs: sql<number>`count(*)`,
          input_tokens: sql<number>`0`,
          output_tokens: sql<number>`0`,
          total_tokens: sql<number>`0`,
          cached_tokens: sql<number>`0`,
          cost_usd: sql<number | null>`null::float8`,
        })
        .from(runs)
        .where(and(sql`status = 'queued'`, isBetween(START_AFTER, from, to)))
        .groupBy(sql`1`),
    ).prepare(`report_usage_by_${groupBy}`);
  const reports = new Map<UsageGroupName, ReturnType<typeof prepareReport>>();

  const findCostOfDay = reads
    .select({ cost: costOfDay(sql`${sql.placeholder('day')}`) })
    .from(sql`(select) as one_row`)
    .prepare('cost_of_day');

  return {
    async report({ from, to, groupBy }) {
      const report = reports.get(groupBy) ?? prepareReport(groupBy);
      reports.set(groupBy, report);
      return summarizeUsage(await report.execute({ from, to }));
    },

    async costOfDay(day) {
      const [row] = await findCostOfDay.execute({ day });
      return row?.cost ?? 0;
    },
  };
}
