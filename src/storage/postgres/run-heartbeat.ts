import { sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import { queueNextRuns } from './enqueue.ts';
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
  /** A ticket in processing without a run, which only a change by hand can make. */
  const isOrphan = sql`(tickets.status = 'processing' and not exists (
    select from runs where runs.ticket_id = tickets.id and runs.status in ('queued', 'running')))`;
  // A locked row is about to change; the next heartbeat looks at it.
  const expired = writes.$with('expired', {}).as(sql`
    select runs.id, ticket_id, number, background_run as next_background_run, 0 as next_delay_ms,
      batch_id as former_batch_id
    from tickets join runs on ticket_id = tickets.id
    where ${isExpired} for no key update skip locked`);
  // The run that is queued after a background run fences off its owner; another owner can still end its run.
  const abandoned = writes.$with('abandoned', {}).as(sql`
    update runs set status = 'abandoned', finished_at = ${NOW}, batch_id = null,
      lease_expires_at = case when background_run is null then lease_expires_at end
    from expired where runs.id = expired.id
    returning expired.*`);
  const queued = writes.$with('queued', {}).as(queueNextRuns(sql`abandoned`));
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
    findExpired: reads.select({ id: runs.id }).from(runs).where(isExpired).limit(1).prepare('find_expired_run'),
    recoverExpired: writes
      .with(expired, abandoned, queued)
      .update(tickets)
      .set({ status: RESTORED_STATUS })
      .from(sql`abandoned`)
      .where(sql`${tickets.id} = abandoned.ticket_id and next_background_run is null`)
      .prepare('recover_expired_runs'),
    findOrphan: reads.select({ id: tickets.id }).from(tickets).where(isOrphan).limit(1).prepare('find_orphan'),
    restoreOrphans: writes.update(tickets).set({ status: RESTORED_STATUS }).where(isOrphan).prepare('restore_orphans'),
  };
}
