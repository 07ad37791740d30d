import { and, eq, inArray, isNotNull, isNull, lt, sql, sum } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { COUNTED_COLUMNS } from './run-columns.ts';
import { batches, idempotencyKeys, results, runs, ticketSearch, tickets } from './schema.ts';
import type { SharedStatements } from './statements.ts';

/** Deletes tickets with all that belongs to them. To be called in a transaction. */
export function prepareDeletion(db: BetterSQLite3Database, recordUsage: SharedStatements['recordUsage']) {
  const ID = sql.placeholder('id');
  const isRunOfTicket = eq(runs.ticket_id, ID);
  const findWithoutOutcome = db
    .select(COUNTED_COLUMNS)
    .from(runs)
    .where(and(isRunOfTicket, inArray(runs.status, ['running', 'abandoned']), isNotNull(runs.started_at)))
    .prepare();
  const cost = db
    .select({ cost: sum(runs.cost_usd) })
    .from(runs)
    .where(and(isRunOfTicket, eq(runs.batch_id, batches.id)));
  const batchesWithCost = db
    .select({ id: runs.batch_id })
    .from(runs)
    .where(and(isRunOfTicket, isNotNull(runs.cost_usd)));
  /** A batch under way counts the cost of its runs; a finished one has it already. */
  const leaveCostToBatches = db
    .update(batches)
    .set({ cost_usd: sql`coalesce(${batches.cost_usd}, 0) + (${cost})` })
    .where(and(isNull(batches.finished_at), inArray(batches.id, batchesWithCost)))
    .prepare();
  const deleteDependents = [
    db.delete(idempotencyKeys).where(eq(idempotencyKeys.ticket_id, ID)).prepare(),
    db.delete(runs).where(isRunOfTicket).prepare(),
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
      leaveCostToBatches.run({ id });
      for (const statement of deleteDependents) statement.run({ id });
      return deleteTicket.run({ id }).changes > 0;
    },
    findCreatedBefore: (time: Date, limit: number) =>
      createdBefore.all({ seconds: Math.floor(time.getTime() / 1000), limit }).map(({ id }) => id),
  };
}
