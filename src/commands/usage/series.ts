import type { ScaleOptions } from '@observablehq/plot';
import type { Run } from '../../schemas/run.ts';
import type { UsageGroup } from '../../schemas/usage.ts';

/** In the order of the stacked bars. Medium colours stand out on a light and on a dark page. */
export const STATUS_COLORS: Record<Run['status'], string> = {
  succeeded: '#3ca951',
  failed: '#f0524a',
  abandoned: '#efb118',
  running: '#4269d0',
  queued: '#9498a0',
};
const STATUSES = Object.keys(STATUS_COLORS) as Run['status'][];

/** One row per group and status, without those that no run has. */
export const listStatuses = (data: UsageGroup[]) =>
  data.flatMap(({ group, runs }) =>
    STATUSES.map((status) => ({ group, status, runs: runs[status] })).filter((row) => row.runs > 0),
  );

export function createStatusScale(rows: { status: Run['status'] }[]): ScaleOptions & { domain: Run['status'][] } {
  const domain = STATUSES.filter((status) => rows.some((row) => row.status === status));
  return { domain, range: domain.map((status) => STATUS_COLORS[status]), legend: true };
}

/** One row per group and percentile. */
export const listLatencies = (data: UsageGroup[]) =>
  data.flatMap(({ group, p50_latency_ms, p95_latency_ms }) => [
    { group, percentile: 'p50', ms: p50_latency_ms },
    { group, percentile: 'p95', ms: p95_latency_ms },
  ]);

export const LATENCY_SCALE: ScaleOptions = { domain: ['p50', 'p95'], range: ['#4269d0', '#e8742c'], legend: true };

/** Seconds if a latency has some, otherwise milliseconds. */
export function chooseLatencyUnit(rows: { ms: number | null }[]) {
  const isSeconds = rows.some(({ ms }) => ms !== null && ms >= 1000);
  const divisor = isSeconds ? 1000 : 1;
  return { name: isSeconds ? 's' : 'ms', convert: (ms: number | null) => (ms === null ? null : ms / divisor) };
}
