import { and, eq, inArray, isNotNull, lt, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { COUNTED_COLUMNS } from './run-columns.ts';
import { idempotencyKeys, results, runs, ticketSearch, tickets } from './schema.ts';
import { createUsageRecorder } from './usage.ts';

/** Deletes tickets with all that belongs to them. To be called in a transaction. */
export function prepareDeletion(db: BetterSQLite3Database) {
  const ID = sql.placeholder('id');
  const recordUsage = createUsageRecorder(db);
  const findWithoutOutcome = db
    .select(COUNTED_COLUMNS)
    .from(runs)
    .where(and(eq(runs.ticket_id, ID), inArray(runs.status, ['running', 'abandoned']), isNotNull(runs.started_at)))
    .prepare();
  const deleteDependents = [
    db.delete(idempotencyKeys).where(eq(idempotencyKeys.ticket_id, ID)).prepare(),
    db.delete(runs).where(eq(runs.ticket_id, ID)).prepare(),
    db.delete(ticketSearch).where(eq(ticketSearch.ticket_id, ID)).prepare(),
    db.delete(results).where(eq(results.ticket_id, ID)).prepare(),
  ];
  const deleteTicket = db.delete(tickets).where(eq(tickets.id, ID)).prepare();
  const createdBefore = db
    .select({ id: tickets.id })
    .from(tickets)
    .where(lt(tickets.created_at, sql`datetime(${sql.placeholder('seconds')}, 'unixepoch')`))
    .orderBy(tickets.created_at)
    .limit(sql.placeholder('limit'))
    .prepare();
  return {
    deleteTicket(id: number): boolean {
      // The sums by day have the runs that have ended already, and a queued run has used nothing.
      for (const run of findWithoutOutcome.all({ id })) recordUsage({ ...run, status: 'abandoned' });
      for (const statement of deleteDependents) statement.run({ id });
      return deleteTicket.run({ id }).changes > 0;
    },
    findCreatedBefore: (time: Date, limit: number) =>
      createdBefore.all({ seconds: Math.floor(time.getTime() / 1000), limit }).map(({ id }) => id),
  };
}
