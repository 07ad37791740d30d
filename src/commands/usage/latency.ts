import type { UsageGroup } from '../../schemas/usage.ts';

/** One row per group and percentile. */
export const listLatencies = ({ group, p50_latency_ms, p95_latency_ms }: UsageGroup) => [
  { group, percentile: 'p50', ms: p50_latency_ms },
  { group, percentile: 'p95', ms: p95_latency_ms },
];

export const chooseLatencyUnit = (rows: { ms: number | null }[]) =>
  rows.some(({ ms }) => (ms ?? 0) >= 1000) ? { name: 's', ms: 1000 } : { name: 'ms', ms: 1 };
