import { and, eq, notExists, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import { results, runs, tickets } from './schema.ts';

const TICKET_ID = sql.placeholder('ticket_id');

/** A ticket's run that is not over, and whose owner's lease ends between `now` and `latest`. */
const aliveRunOf = (db: BetterSQLite3Database, ticketId: SQLiteColumn) =>
  db
    .select()
    .from(runs)
    .where(
      and(
        eq(runs.ticket_id, ticketId),
        sql`${runs.expires_at} between ${sql.placeholder('now')} and ${sql.placeholder('latest')}`,
      ),
    );

/** Tickets whose run's owner is gone. */
export const isAbandoned = (db: BetterSQLite3Database) =>
  and(eq(tickets.status, 'processing'), notExists(aliveRunOf(db, tickets.id)));

/** The stored result of a ticket, unless a run is under way. */
export const reusableResult = (db: BetterSQLite3Database) =>
  db
    .select()
    .from(results)
    .where(and(eq(results.ticket_id, TICKET_ID), notExists(aliveRunOf(db, results.ticket_id))));

/** What a run is decided by, prepared for a connection. */
export function prepareRunQueries(db: BetterSQLite3Database) {
  return {
    run: db.select().from(runs).where(eq(runs.ticket_id, TICKET_ID)).prepare(),
    result: db.select().from(results).where(eq(results.ticket_id, TICKET_ID)).prepare(),
  };
}
