import { sql } from 'drizzle-orm';

/**
 * Conditions of the statements about runs.
 *
 * When a statement has waited for another transaction, PostgreSQL checks its conditions again, but only those about the
 * locked row itself: subqueries still see the state from before. So everything on which a claim and its fencing depend
 * is a condition about the changed row, or is kept by a unique index.
 */
export type RunConditions = ReturnType<typeof createRunConditions>;

export const TICKET_ID = sql`${sql.placeholder('ticketId')}::bigint`;
export const NUMBER = sql`${sql.placeholder('number')}::bigint`;

/** @param owner the id of this server process. */
export function createRunConditions(owner: string, leaseMs: number) {
  const lease = sql.raw(`interval '${leaseMs} milliseconds'`);
  const newLease = sql`now() + ${lease}`;
  return {
    owner: sql`${owner}`,
    newLease,
    /** A lease that expires much later than a new one would was made before the server's clock was set back. */
    isLeased: sql`(runs.status = 'running' and runs.lease_expires_at between now() and ${newLease} + ${lease})`,
    /** A copied run has no lease. */
    isExpired: sql`(runs.status = 'running'
      and (runs.lease_expires_at between now() and ${newLease} + ${lease}) is not true)`,
    /**
     * Fencing: this process has claimed the run, and no other one a newer run since. A run that was marked as abandoned
     * because its lease had expired can still be ended by its owner.
     */
    isOwned: sql`(runs.lease_owner = ${owner} and runs.lease_expires_at is not null
      and runs.status in ('running', 'abandoned'))`,
    isFencedOff: sql`(runs.lease_owner = ${owner} and runs.lease_expires_at is null)`,
  };
}
