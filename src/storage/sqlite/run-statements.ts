import {
  and,
  between,
  eq,
  exists,
  getTableColumns,
  inArray,
  isNotNull,
  ne,
  notExists,
  type SQL,
  sql,
} from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { NewResult } from '../types.ts';
import { results, runs, tickets } from './schema.ts';

const TICKET_ID = sql.placeholder('ticketId');
const NUMBER = sql.placeholder('number');
const OWNER = sql.placeholder('owner');
const EXPIRES_AT = sql.placeholder('expiresAt');

const isTicket = eq(tickets.id, TICKET_ID);

/** Fencing: the run is still the ticket's newest one, and this process has claimed it. */
const isOwnRun = and(eq(runs.ticket_id, TICKET_ID), eq(runs.number, NUMBER), eq(runs.lease_owner, OWNER));

/** The runs of this process for a list of tickets that have not ended. */
const isOwnActiveRun = and(
  eq(runs.lease_owner, OWNER),
  isNotNull(runs.lease_expires_at),
  sql`${runs.ticket_id} in (select value from json_each(${sql.placeholder('ticketIds')}))`,
);

/** The statements of runs.ts. */
export function prepareRunStatements(db: BetterSQLite3Database) {
  const runWithLeaseOf = (ticketId: SQLiteColumn) => {
    const isLeased = between(runs.lease_expires_at, sql.placeholder('now'), sql.placeholder('latest'));
    return db
      .select()
      .from(runs)
      .where(and(eq(runs.ticket_id, ticketId), isLeased));
  };
  const isExpired = and(eq(tickets.status, 'processing'), notExists(runWithLeaseOf(tickets.id)));
  const hasResult = exists(db.select().from(results).where(eq(results.ticket_id, tickets.id)));
  const restoredStatus = sql<'done' | 'failed'>`case when ${hasResult} then 'done' else 'failed' end`;
  const ownActiveTickets = db.select({ id: runs.ticket_id }).from(runs).where(isOwnActiveRun);

  return {
    findTicket: db.select().from(tickets).where(isTicket).prepare(),
    findResult: db.select().from(results).where(eq(results.ticket_id, TICKET_ID)).prepare(),
    findRun: db.select().from(runs).where(eq(runs.ticket_id, TICKET_ID)).prepare(),
    findRunAndResult: db
      .select()
      .from(runs)
      .leftJoin(results, eq(results.ticket_id, runs.ticket_id))
      .where(eq(runs.ticket_id, TICKET_ID))
      .prepare(),
    findCachedResult: db
      .select()
      .from(results)
      .where(and(eq(results.ticket_id, TICKET_ID), notExists(runWithLeaseOf(results.ticket_id))))
      .prepare(),
    findExpired: db.select({ id: tickets.id }).from(tickets).where(isExpired).limit(1).prepare(),

    claim: db
      .insert(runs)
      .values({ ticket_id: TICKET_ID, number: NUMBER, lease_owner: OWNER, lease_expires_at: EXPIRES_AT })
      .onConflictDoUpdate({
        target: runs.ticket_id,
        set: {
          number: sql`excluded.number`,
          lease_owner: sql`excluded.lease_owner`,
          lease_expires_at: sql`excluded.lease_expires_at`,
          failure: null,
        },
      })
      .prepare(),
    renew: db
      .update(runs)
      .set({ lease_expires_at: sql`${EXPIRES_AT}` })
      .where(isOwnActiveRun)
      .returning({ ticketId: runs.ticket_id })
      .prepare(),
    complete: db
      .update(runs)
      .set({ lease_expires_at: null, last_succeeded: sql`${runs.number}` })
      .where(isOwnRun)
      .prepare(),
    fail: db
      .update(runs)
      .set({ lease_expires_at: null, failure: sql`${sql.param(sql.placeholder('failure'), runs.failure)}` })
      .where(isOwnRun)
      .prepare(),
    release: db.update(runs).set({ lease_expires_at: null }).where(isOwnRun).prepare(),

    storeResult: upsertResult(db).prepare(),
    markProcessing: db.update(tickets).set({ status: 'processing' }).where(isTicket).prepare(),
    markDone: db.update(tickets).set({ status: 'done' }).where(isTicket).prepare(),
    markRenewed: db
      .update(tickets)
      .set({ status: 'processing' })
      .where(and(inArray(tickets.id, ownActiveTickets), ne(tickets.status, 'processing')))
      .prepare(),
    restoreTicketStatus: db.update(tickets).set({ status: restoredStatus }).where(isTicket).prepare(),
    restoreExpired: db.update(tickets).set({ status: restoredStatus }).where(isExpired).prepare(),
  };
}

/** Inserts a ticket's result or overwrites all columns of the older one but the ids. */
function upsertResult(db: BetterSQLite3Database) {
  const { id: _, created_at, ...columns } = getTableColumns(results);
  const forEachColumn = (value: (name: string) => unknown) =>
    Object.fromEntries(Object.keys(columns).map((name) => [name, value(name)])) as Record<keyof NewResult, SQL>;
  return db
    .insert(results)
    .values(forEachColumn((name) => sql.placeholder(name)))
    .onConflictDoUpdate({
      target: results.ticket_id,
      set: { ...forEachColumn((name) => sql.raw(`excluded.${name}`)), created_at: sql`CURRENT_TIMESTAMP` },
    })
    .returning();
}
