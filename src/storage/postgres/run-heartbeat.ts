import { type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import type { RunConditions } from './run-conditions.ts';
import { NOW, runs, tickets } from './schema.ts';

const TICKET_IDS = sql`${sql.placeholder('ticketIds')}::bigint[]`;

/** The status of a ticket whose run has ended without a result. */
export const RESTORED_STATUS = sql<'done' | 'failed'>`
  case when exists (select from results where results.ticket_id = tickets.id) then 'done' else 'failed' end`;

/** The statements that renew leases and recover expired runs. */
export function prepareHeartbeat(
  { reads, heartbeats: db }: Pick<Connections, 'reads' | 'heartbeats'>,
  { newLease, isOwned, isExpired }: RunConditions,
) {
  const cte = (name: string, statement: SQL) => db.$with(name, {}).as(statement);
  const isWithoutRun = sql`(tickets.status = 'processing' and not exists (
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
      select runs.id, ticket_id from tickets join runs on ticket_id = tickets.id
      where ${isExpired} for no key update skip locked`,
  );
  const abandoned = cte(
    'abandoned',
    sql`update runs set status = 'abandoned', finished_at = ${NOW} from expired where runs.id = expired.id`,
  );
  // A ticket that has changed since the statement began, which `xmin` shows, may have a run now.
  const withoutRun = cte(
    'without_run',
    sql`
      with seen as materialized (select id, xmin as version from tickets where ${isWithoutRun})
      select tickets.id from seen join tickets on tickets.id = seen.id and tickets.xmin = seen.version
      order by tickets.id for no key update of tickets`,
  );
  return {
    renew: db.with(ticket, renewed, marked).select().from(renewed).prepare('renew_leases'),
    findExpired: reads
      .select({
        isAny: sql<boolean>`exists (select from runs where ${isExpired})
          or exists (select from tickets where ${isWithoutRun})`,
      })
      .from(sql`(select) as one_row`)
      .prepare('find_expired_runs'),
    abandonExpired: db
      .with(expired, abandoned)
      .update(tickets)
      .set({ status: RESTORED_STATUS })
      .from(sql`expired`)
      .where(sql`${tickets.id} = expired.ticket_id`)
      .prepare('abandon_expired_runs'),
    restoreWithoutRun: db
      .with(withoutRun)
      .update(tickets)
      .set({ status: RESTORED_STATUS })
      .from(sql`without_run`)
      .where(sql`${tickets.id} = without_run.id`)
      .prepare('restore_tickets_without_run'),
  };
}
