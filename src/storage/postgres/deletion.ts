import { type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import { createBatchCostParts } from './run-series.ts';
import { tickets } from './schema.ts';
import { recordUsage } from './usage.ts';

/** Deletes the selected tickets; results, runs and keys are deleted with them. */
export function prepareDeletion(db: Connections['pool'], name: string, condition: SQL, lockOption = sql``) {
  const selected = db.$with('selected', {}).as(sql`
    select id from tickets where ${condition} for update ${lockOption}`);
  // A locked run has its present status and cost: a server may be about to claim it, or have ended it.
  const run = db.$with('run', {}).as(sql`select runs.* from selected join runs on runs.ticket_id = selected.id
    for update of runs`);
  // The sums by day have the other runs already.
  const lost = sql`run where status in ('running', 'abandoned') and started_at is not null`;
  const recorded = db.$with('recorded', {}).as(recordUsage(lost, { status: 'abandoned', latencyMs: sql`-1` }));
  const { batch, charged } = createBatchCostParts(db, sql`(select batch_id, cost_usd from run)`);
  const deleted = db.$with('deleted', { id: tickets.id }).as(sql`
    delete from tickets using selected where tickets.id = selected.id returning tickets.id`);
  return db.with(selected, run, recorded, batch, charged, deleted).select().from(deleted).prepare(name);
}
