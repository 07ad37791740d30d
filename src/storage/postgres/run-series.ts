import { type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';

/**
 * Queues the run that follows each row of a relation. These rows must be what an update of `runs` returns, because the
 * index on active runs has to see their new status.
 */
export const queueNextRuns = (from: SQL) => sql`
  insert into runs (ticket_id, number, status, background_run, start_after, batch_id)
  select ticket_id, number + 1, 'queued', next_background_run, now() + next_delay_ms * interval '1 millisecond',
    former_batch_id
  from ${from} where next_background_run is not null
  on conflict do nothing`;

/**
 * The parts of a statement that continue the series of the background runs of `ended`. A batch counts only the newest run
 * of a ticket, and the cost of all.
 */
export function createSeriesParts(db: Connections['pool']) {
  const cte = (name: string, statement: SQL) => db.$with(name, {}).as(statement);
  const left = sql`(select former_batch_id, cost_usd from ended where next_background_run is not null)`;
  return {
    queued: cte('queued', queueNextRuns(sql`ended`)),
    // After the tickets and in the order of the ids, so that two statements cannot deadlock.
    batch: cte(
      'batch',
      sql`
        select id from batches where id = any(array(select former_batch_id from ${left} as left_batches))
        order by id for no key update`,
    ),
    charged: cte(
      'charged',
      sql`
        update batches set cost_usd = coalesce(batches.cost_usd, 0) + cost
        from batch join (select former_batch_id, sum(cost_usd) as cost from ${left} as costs group by 1) as costs
          on former_batch_id = batch.id
        where batches.id = batch.id and cost is not null`,
    ),
  };
}
