import type { Run } from '../schemas/run.ts';
import type { UsageGroup, UsageTotal } from '../schemas/usage.ts';

/** Sums over runs of one group with the same status and (rounded) latency. */
export interface UsageRow {
  /** Empty: the runs have no such value. */
  group: string;
  status: Run['status'];
  /** -1 if unknown. */
  latency_ms: number;
  runs: number;
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  cached_tokens: number;
  cost_usd: number | null;
}

/** Rounds to steps of 1, 2 or 5 in the second digit: the result is at most 5 % off. */
export function roundLatency(ms: number): number {
  if (ms < 20) return ms;
  const unit = 10 ** (Math.floor(Math.log10(ms)) - 1);
  const digits = ms / unit; // from 10 to 99
  const step = unit * (digits < 20 ? 1 : digits < 50 ? 2 : 5);
  return Math.round(ms / step) * step;
}

/** Adds up the rows of each group, and of all. */
export function summarizeUsage(rows: UsageRow[]): { data: UsageGroup[]; total: UsageTotal } {
  const groups = Map.groupBy(rows, ({ group }) => group);
  const data = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, members]) => ({ group: group === '' ? null : group, ...addUp(members) }));
  return { data, total: addUp(rows) };
}

function addUp(rows: UsageRow[]): UsageTotal {
  const total: UsageTotal = {
    runs: { queued: 0, running: 0, succeeded: 0, failed: 0, abandoned: 0 },
    input_tokens: 0,
    output_tokens: 0,
    total_tokens: 0,
    cached_tokens: 0,
    cost_usd: null,
    p50_latency_ms: percentile(rows, 0.5),
    p95_latency_ms: percentile(rows, 0.95),
  };
  for (const row of rows) {
    total.runs[row.status] += row.runs;
    total.input_tokens += row.input_tokens;
    total.output_tokens += row.output_tokens;
    total.total_tokens += row.total_tokens;
    total.cached_tokens += row.cached_tokens;
    if (row.cost_usd !== null) total.cost_usd = (total.cost_usd ?? 0) + row.cost_usd;
  }
  return total;
}

/** Nearest-rank percentile of the latency of successful runs. */
function percentile(rows: UsageRow[], share: number): number | null {
  const known = rows.filter(({ status, latency_ms }) => status === 'succeeded' && latency_ms >= 0);
  const count = known.reduce((sum, { runs }) => sum + runs, 0);
  let rank = Math.ceil(share * count);
  for (const { latency_ms, runs } of known.sort((a, b) => a.latency_ms - b.latency_ms)) {
    rank -= runs;
    if (rank <= 0) return latency_ms;
  }
  return null;
}
