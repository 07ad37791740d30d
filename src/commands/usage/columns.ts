import type { UsageTotal } from '../../schemas/usage.ts';
import { formatCost, formatCount, formatLatency, formatTokens } from './format.ts';

export interface Column {
  title: string;
  format(usage: UsageTotal): string;
}

const OUTCOMES: Column[] = [
  { title: 'succeeded', format: ({ runs }) => formatCount(runs.succeeded) },
  { title: 'failed', format: ({ runs }) => formatCount(runs.failed) },
];
const OTHER_STATUSES: Column[] = [
  { title: 'abandoned', format: ({ runs }) => formatCount(runs.abandoned) },
  { title: 'running', format: ({ runs }) => formatCount(runs.running) },
  { title: 'queued', format: ({ runs }) => formatCount(runs.queued) },
];
const TOKENS: Column = { title: 'tokens', format: ({ total_tokens }) => formatTokens(total_tokens) };
const TOKENS_BY_KIND: Column[] = [
  { title: 'input tokens', format: ({ input_tokens }) => formatTokens(input_tokens) },
  { title: 'cached tokens', format: ({ cached_tokens }) => formatTokens(cached_tokens) },
  { title: 'output tokens', format: ({ output_tokens }) => formatTokens(output_tokens) },
];
const COST: Column = { title: 'cost', format: ({ cost_usd }) => formatCost(cost_usd) };
const LATENCY: Column[] = [
  { title: 'p50', format: ({ p50_latency_ms }) => formatLatency(p50_latency_ms) },
  { title: 'p95', format: ({ p95_latency_ms }) => formatLatency(p95_latency_ms) },
];

/** The columns for the terminal: without statuses that are rare and that no run has. */
export const terminalColumns = (total: UsageTotal): Column[] => [
  ...OUTCOMES,
  ...OTHER_STATUSES.filter(({ format }) => format(total) !== '0'),
  TOKENS,
  COST,
  ...LATENCY,
];

export const PAGE_COLUMNS: Column[] = [...OUTCOMES, ...OTHER_STATUSES, ...TOKENS_BY_KIND, COST, ...LATENCY];
