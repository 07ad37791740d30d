import type { Batch } from '../schemas/batch.ts';
import type { Run } from '../schemas/run.ts';
import type { BatchDefinition } from './types.ts';

type BatchRow = Omit<Batch, 'queued' | 'running'> & { is_expanded: boolean };

/** The runs of a batch with the same status. */
export interface RunCount {
  status: Run['status'];
  count: number;
  /** Null if none is known. */
  cost: number | null;
}

/** The batch as clients see it: a finished one has its counts in its row. */
export function toBatch(row: BatchRow, runs: RunCount[]): Batch {
  const { id, created_at, finished_at, total, succeeded, failed, skipped, cost_usd } = row;
  const counts =
    finished_at === null ? countRuns(row, runs) : { queued: 0, running: 0, succeeded, failed, skipped, cost_usd };
  return { id, created_at, finished_at, total, ...counts };
}

function countRuns({ total, skipped, cost_usd, is_expanded }: BatchRow, runs: RunCount[]) {
  const count = (status: Run['status']) => runs.find((row) => row.status === status)?.count ?? 0;
  const [queued, running, succeeded, failed] = [count('queued'), count('running'), count('succeeded'), count('failed')];
  const costs = [cost_usd, ...runs.map(({ cost }) => cost)].filter((cost) => cost !== null);
  const others = total - running - succeeded - failed;
  return {
    // Until all tickets were checked, those that remain count as queued; then those without a run as skipped.
    queued: is_expanded ? queued : Math.max(0, others - skipped),
    running,
    succeeded,
    failed,
    skipped: is_expanded ? Math.max(0, others - queued) : skipped,
    cost_usd: costs.length > 0 ? costs.reduce((sum, cost) => sum + cost, 0) : null,
  };
}

/** JSON has the dates of a filter as texts. */
export function reviveDates(definition: BatchDefinition): BatchDefinition {
  if ('ids' in definition) return definition;
  const { createdAfter, createdBefore, ...filter } = definition.filter;
  return {
    filter: {
      ...filter,
      createdAfter: createdAfter && new Date(createdAfter),
      createdBefore: createdBefore && new Date(createdBefore),
    },
  };
}
