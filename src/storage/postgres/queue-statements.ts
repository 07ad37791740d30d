import { and, lte, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import { createEnqueueParts } from './enqueue.ts';
import type { RunConditions } from './run-conditions.ts';
import { NOW, runs } from './schema.ts';
import { costOfDay, TODAY } from './usage.ts';

const isQueued = sql`status = 'queued'`;
const BUDGET = sql`${sql.placeholder('dailyBudgetUsd')}::double precision`;

/** The statements of queue.ts. */
export function prepareQueueStatements({ reads, pool, slow }: Connections, conditions: RunConditions) {
  return {
    enqueue: prepareEnqueue(pool),
    claim: prepareClaim(pool, conditions),
    findDue: reads
      .select({ id: runs.id })
      .from(runs)
      .where(and(isQueued, lte(runs.start_after, sql`now()`)))
      .limit(1)
      .prepare('find_due_run'),
    count: slow
      .select({ count: sql<number>`count(*)`.mapWith(Number) })
      .from(runs)
      .where(isQueued)
      .prepare('count_queued_runs'),
    oldestAge: reads
      .select({
        ageMs: sql<number>`
          (select coalesce(greatest(0, extract(epoch from now() - min(start_after)) * 1000), 0)::float8
          from runs where ${isQueued})`,
      })
      .from(sql`(select) as one_row`)
      .prepare('oldest_queued_run'),
  };
}

/** Queues runs of several tickets, or makes their active runs background runs. No row: there is no such ticket. */
function prepareEnqueue(pool: Connections['pool']) {
  const input = pool.$with('input', {}).as(sql`
    select *, null::bigint as batch_id, ticket_id as position
    from json_to_recordset(${sql.placeholder('input')}::json) as input (ticket_id bigint, force boolean)`);
  const parts = createEnqueueParts(pool, sql`array(select ticket_id from input)`);
  const joined = pool.$with('joined', {}).as(sql`
    update runs set background_run = coalesce(background_run, 1) from candidate
    where is_active and not has_result and runs.ticket_id = candidate.ticket_id and runs.number = candidate.number
      and runs.status in ('queued', 'running')
    returning runs.ticket_id, runs.number`);
  return pool
    .with(input, parts.ticket, parts.candidate, parts.fenced, parts.queued, parts.marked, joined)
    .select({
      ticketId: sql<number>`candidate.ticket_id`.mapWith(Number),
      hasResult: sql<boolean>`has_result`,
      run: sql<number | null>`coalesce(queued.number, joined.number)::float8`,
    })
    .from(sql`candidate left join queued using (ticket_id) left join joined using (ticket_id)`)
    .prepare('enqueue_runs');
}

/**
 * Claims the oldest queued runs that may start. Their tickets are not locked, although other statements lock a ticket
 * before its run: this one waits for no lock, so it cannot deadlock.
 */
function prepareClaim(pool: Connections['pool'], { owner, newLease }: RunConditions) {
  const due = pool.$with('due', {}).as(sql`
    select id, ticket_id from runs where ${isQueued} and start_after <= now()
    order by start_after, id limit ${sql.placeholder('limit')} for no key update skip locked`);
  const budget = pool.$with('budget', {}).as(sql`
    select case when ${BUDGET} is null or not exists (select from due) then false
      else ${costOfDay(TODAY)} >= ${BUDGET} end as is_exhausted`);
  const claimed = pool.$with('claimed', {}).as(sql`
    update runs set status = 'running', started_at = ${NOW}, lease_owner = ${owner}, lease_expires_at = ${newLease},
      prompt_version = ${sql.placeholder('prompt_version')}, provider = ${sql.placeholder('provider')},
      model = ${sql.placeholder('model')}
    from due join tickets on tickets.id = due.ticket_id
    where runs.id = due.id and not (select is_exhausted from budget)
    returning runs.id, runs.ticket_id, runs.number, runs.background_run, runs.start_after, tickets.raw_text`);
  return pool
    .with(due, budget, claimed)
    .select({
      isExhausted: sql<boolean>`is_exhausted`,
      ticketId: sql<number | null>`ticket_id::float8`,
      run: sql<number>`number::float8`,
      text: sql<string>`raw_text`,
      backgroundRun: sql<number>`background_run::float8`,
    })
    .from(sql`budget left join claimed on true`)
    .orderBy(sql`start_after, id`)
    .prepare('claim_queued_runs');
}
