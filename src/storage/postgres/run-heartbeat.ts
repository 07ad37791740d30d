import { type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import type { RunConditions } from './run-conditions.ts';
import { queueNextRuns } from './run-series.ts';
import { NOW, runs, tickets } from './schema.ts';

const TICKET_IDS = sql`${sql.placeholder('ticketIds')}::bigint[]`;

/** The status of a ticket whose run has ended without a result. */
export const RESTORED_STATUS = sql<'done' | 'failed'>`
  case when exists (select from results where results.ticket_id = tickets.id) then 'done' else 'failed' end`;

/** The statements that renew leases and recover expired runs. */
export function prepareHeartbeat(
  { reads, slow, heartbeats: db }: Pick<Connections, 'reads' | 'slow' | 'heartbeats'>,
  { newLease, isOwned, isExpired }: RunConditions,
) {
  const cte = (name: string, statement: SQL) => db.$with(name, {}).as(statement);
  /** A ticket in processing without a run, which only a change by hand can make. */
  const isOrphan = sql`(tickets.status = 'processing' and not exists (
    select from runs where runs.ticket_id = tickets.id and runs.status in ('queued', 'running')))`;
  const ticket = cte(
    'ticket',
    sql`select id, status from tickets where id = any(${TICKET_IDS}) order by id for no key update`,
  );
  const renewed = db.$with('renewed', { ticketId: runs.ticket_id }).as(sql`
    update runs set status = 'running', finished_at = null, lease_expires_at = ${newLease}
    from ticket where runs.ticket_id = ticket.id and ${isOwned}
    returning runs.ticket_id`);
  // Another process may have recovered a run whose lease had expired. The locked row shows it, the statement's may not.
  const marked = cte(
    'marked',
    sql`
      update tickets set status = 'processing' from ticket join renewed on renewed.ticket_id = ticket.id
      where tickets.id = ticket.id and ticket.status <> 'processing'`,
  );
  // A locked row is about to change; the next heartbeat looks at it.
  const expired = cte(
    'expired',
    sql`
      select runs.id, ticket_id, number, background_run as next_background_run, 0 as next_delay_ms,
        start_after as next_start_after, batch_id as former_batch_id
      from tickets join runs on ticket_id = tickets.id
      where ${isExpired} for no key update skip locked`,
  );
  // The run that is queued after a background run fences off its owner; another owner can still end its run.
  const abandoned = cte(
    'abandoned',
    sql`
      update runs set status = 'abandoned', finished_at = ${NOW}, batch_id = null,
        lease_expires_at = case when background_run is null then lease_expires_at end
      from expired where runs.id = expired.id
      returning expired.*`,
  );
  const queued = cte('queued', queueNextRuns(sql`abandoned`));
  // A ticket that has changed since the statement began, which `xmin` shows, may have a run now.
  const orphan = cte(
    'orphan',
    sql`
      with seen as materialized (select id, xmin as version from tickets where ${isOrphan})
      select tickets.id from seen join tickets on tickets.id = seen.id and tickets.xmin = seen.version
      order by tickets.id for no key update of tickets`,
  );
  return {
    renew: db.with(ticket, renewed, marked).select().from(renewed).prepare('renew_leases'),
    findExpired: reads.select({ id: runs.id }).from(runs).where(isExpired).limit(1).prepare('find_expired_run'),
    recoverExpired: db
      .with(expired, abandoned, queued)
      .update(tickets)
      .set({ status: RESTORED_STATUS })
      .from(sql`abandoned`)
      .where(sql`${tickets.id} = abandoned.ticket_id and next_background_run is null`)
      .prepare('recover_expired_runs'),
    findOrphan: slow.select({ id: tickets.id }).from(tickets).where(isOrphan).limit(1).prepare('find_orphan'),
    restoreOrphans: db
      .with(orphan)
      .update(tickets)
      .set({ status: RESTORED_STATUS })
      .from(sql`orphan`)
      .where(sql`${tickets.id} = orphan.id`)
      .prepare('restore_orphans'),
  };
}
