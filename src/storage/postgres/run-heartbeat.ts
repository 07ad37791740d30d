import { sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import type { RunConditions } from './run-conditions.ts';
import { NOW, runs, tickets } from './schema.ts';

const TICKET_IDS = sql`${sql.placeholder('ticketIds')}::bigint[]`;

/** The status of a ticket whose run has ended without a result. */
export const RESTORED_STATUS = sql<'done' | 'failed'>`
  case when exists (select from results where results.ticket_id = tickets.id) then 'done' else 'failed' end`;

/** The statements that renew leases and recover expired runs. */
export function prepareHeartbeat(
  { reads, writes }: Pick<Connections, 'reads' | 'writes'>,
  { newLease, isOwned, isExpired }: RunConditions,
) {
  const isWithoutRun = sql`(tickets.status = 'processing' and not exists (
    select from runs where runs.ticket_id = tickets.id and runs.status in ('queued', 'running')))`;
  // A locked row is about to change; the next heartbeat looks at it.
  const expired = writes.$with('expired', {}).as(sql`
    select runs.id, ticket_id from tickets join runs on ticket_id = tickets.id
    where ${isExpired} for no key update skip locked`);
  const abandoned = writes.$with('abandoned', {}).as(sql`
    update runs set status = 'abandoned', finished_at = ${NOW} from expired where runs.id = expired.id`);
  // Both rows are locked, so that a run that ends meanwhile is not taken for a running one.
  const renewed = writes.$with('renewed', {}).as(sql`
    select tickets.id from tickets join runs on ticket_id = tickets.id
    where tickets.id = any(${TICKET_IDS}) and tickets.status <> 'processing'
      and ${isOwned} and runs.status = 'running' for no key update`);
  return {
    renew: writes
      .update(runs)
      .set({ status: 'running', finished_at: null, lease_expires_at: newLease })
      .where(sql`${runs.ticket_id} = any(${TICKET_IDS}) and ${isOwned}`)
      .returning({ ticketId: runs.ticket_id })
      .prepare('renew_leases'),
    markRenewed: writes
      .with(renewed)
      .update(tickets)
      .set({ status: 'processing' })
      .from(sql`renewed`)
      .where(sql`${tickets.id} = renewed.id`)
      .prepare('mark_renewed_tickets'),
    findExpired: reads
      .select({
        isAny: sql<boolean>`exists (select from runs where ${isExpired})
          or exists (select from tickets where ${isWithoutRun})`,
      })
      .from(sql`(select) as one_row`)
      .prepare('find_expired_runs'),
    abandonExpired: writes
      .with(expired, abandoned)
      .update(tickets)
      .set({ status: RESTORED_STATUS })
      .from(sql`expired`)
      .where(sql`${tickets.id} = expired.ticket_id`)
      .prepare('abandon_expired_runs'),
    restoreWithoutRun: writes
      .update(tickets)
      .set({ status: RESTORED_STATUS })
      .where(isWithoutRun)
      .prepare('restore_tickets_without_run'),
  };
}
