import { type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import { tickets } from './schema.ts';
import { recordUsage } from './usage.ts';

/** Deletes the selected tickets; results, runs and keys are deleted with them. */
export function prepareDeletion(db: Connections['pool'], name: string, condition: SQL, lockOption = sql``) {
  const selected = db.$with('selected', {}).as(sql`
    select id from tickets where ${condition} for update ${lockOption}`);
  // The sums by day have the other runs already. A queued run is locked, too, because a server may be about to claim it.
  const lost = db.$with('lost', {}).as(sql`
    select runs.started_at, runs.created_at, provider, model, prompt_version, category, error_code, attempts,
      input_tokens, output_tokens, total_tokens, cached_tokens, cost_usd
    from selected join runs on runs.ticket_id = selected.id
    where runs.status in ('queued', 'running', 'abandoned')
    for update of runs`);
  const recorded = db
    .$with('recorded', {})
    .as(recordUsage(sql`lost where started_at is not null`, { status: 'abandoned', latencyMs: sql`-1` }));
  const deleted = db.$with('deleted', { id: tickets.id }).as(sql`
    delete from tickets using selected where tickets.id = selected.id returning tickets.id`);
  return db.with(selected, lost, recorded, deleted).select().from(deleted).prepare(name);
}
