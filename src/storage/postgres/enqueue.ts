import { type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';

/** Queues the first run of each ticket of `inserted` that was created in processing. */
export const QUEUE_FIRST_RUNS = sql`
  insert into runs (ticket_id, number, status, background_run, start_after)
  select id, 1, 'queued', 1, now() from inserted where status = 'processing'`;

/**
 * The parts of a statement that queues the next run of tickets, unless a run is active, or a result is stored and
 * `force` is not set. Before `candidate` comes `input` with `ticket_id`, `force`, `batch_id` and `position`.
 *
 * A ticket that is neither active nor queued nor has a result has changed since the statement began.
 */
export function createEnqueueParts(db: Connections['pool'], ticketIds: SQL) {
  const cte = (name: string, statement: SQL) => db.$with(name, {}).as(statement);
  return {
    // In the order of the ids, so that two statements cannot deadlock.
    ticket: cte('ticket', sql`select id from tickets where id = any(${ticketIds}) order by id for no key update`),
    candidate: cte(
      'candidate',
      sql`
        select input.*, coalesce(newest.number, 0) as number, coalesce(has_owner, false) as has_owner,
          coalesce(is_active, false) as is_active,
          not force and exists (select from results where results.ticket_id = ticket.id) as has_result
        from ticket join input on input.ticket_id = ticket.id left join lateral (
          select number, lease_owner is not null as has_owner, status in ('queued', 'running') as is_active
          from runs where runs.ticket_id = ticket.id order by number desc limit 1) as newest on true`,
    ),
    // The owner of an abandoned run can still end it or renew its lease, until a newer run fences it off.
    fenced: cte(
      'fenced',
      sql`
        update runs set lease_expires_at = null from candidate
        where has_owner and not (is_active or has_result) and runs.ticket_id = candidate.ticket_id
          and runs.number = candidate.number and runs.status = 'abandoned' and runs.lease_owner is not null
        returning runs.ticket_id`,
    ),
    // A conflict: another process has claimed or queued a run meanwhile.
    queued: cte(
      'queued',
      sql`
        insert into runs (ticket_id, number, status, background_run, start_after, batch_id)
        select ticket_id, number + 1, 'queued', 1, now(), batch_id from candidate
        where not (is_active or has_result) and (not has_owner or ticket_id in (select ticket_id from fenced))
        order by position -- ids are given in this order
        on conflict do nothing
        returning ticket_id, number`,
    ),
    marked: cte(
      'marked',
      sql`update tickets set status = 'processing' from queued where tickets.id = queued.ticket_id`,
    ),
  };
}
