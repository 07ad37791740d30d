import { type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';

/**
 * Queues the run that follows each row of a relation. These rows must be what an update of `runs` returns, because the
 * index on active runs has to see their new status.
 */
export const queueNextRuns = (from: SQL) => sql`
  insert into runs (ticket_id, number, status, background_run, start_after, batch_id)
  select ticket_id, number + 1, 'queued', next_background_run,
    coalesce(next_start_after, now() + next_delay_ms * interval '1 millisecond'), former_batch_id
  from ${from} where next_background_run is not null
  on conflict do nothing`;

/**
 * The parts of a statement that adds the costs of runs to their batches, which count only their present runs themselves.
 * They come after `recorded`, so that all statements lock batches and sums by day in the same order.
 *
 * @param runs a relation with `batch_id` and `cost_usd`
 */
export function createBatchCostParts(db: Connections['pool'], runs: SQL) {
  const cte = (name: string, statement: SQL) => db.$with(name, {}).as(statement);
  return {
    // After the tickets and in the order of the ids, so that two statements cannot deadlock.
    batch: cte(
      'batch',
      sql`
        select id from batches where id = any(array(select batch_id from ${runs} as runs_of_batches))
          and finished_at is null order by id for no key update`,
    ),
    charged: cte(
      'charged',
      sql`
        update batches set cost_usd = coalesce(batches.cost_usd, 0) + cost
        from batch join (
          select batch_id, sum(cost_usd) as cost from ${runs} as runs_of_batches group by batch_id
        ) as costs on costs.batch_id = batch.id
        where batches.id = batch.id and cost is not null`,
    ),
  };
}
