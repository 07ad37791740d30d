import { and, eq, exists, getTableColumns, inArray, isNotNull, ne, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { NewResult } from '../types.ts';
import { isAbandoned, prepareRunQueries } from './run-queries.ts';
import { results, runs, tickets } from './schema.ts';

const TICKET_ID = sql.placeholder('ticket_id');
const OWNER = sql.placeholder('owner');
const EXPIRES_AT = sql.placeholder('expires_at');

const ofTicket = eq(runs.ticket_id, TICKET_ID);
const thisTicket = eq(tickets.id, TICKET_ID);

/** The runs of a process for these tickets that are not over. */
const own = and(
  eq(runs.owner, OWNER),
  isNotNull(runs.expires_at),
  sql`${runs.ticket_id} in (select value from json_each(${sql.placeholder('ticket_ids')}))`,
);

/** The writes of runs.ts and what they depend on, prepared once. */
export function prepareRunStatements(db: BetterSQLite3Database) {
  const hasResult = exists(db.select().from(results).where(eq(results.ticket_id, tickets.id)));
  const settled = { status: sql`case when ${hasResult} then 'done' else 'failed' end` };
  const isOwn = inArray(tickets.id, db.select({ id: runs.ticket_id }).from(runs).where(own));

  return {
    ...prepareRunQueries(db),
    ticket: db.select().from(tickets).where(thisTicket).prepare(),
    markProcessing: db.update(tickets).set({ status: 'processing' }).where(thisTicket).prepare(),
    markDone: db.update(tickets).set({ status: 'done' }).where(thisTicket).prepare(),
    settle: db.update(tickets).set(settled).where(thisTicket).prepare(),
    settleAbandoned: db.update(tickets).set(settled).where(isAbandoned(db)).prepare(),
    markRenewed: db
      .update(tickets)
      .set({ status: 'processing' })
      .where(and(isOwn, ne(tickets.status, 'processing')))
      .prepare(),

    claim: db
      .insert(runs)
      .values({ ticket_id: TICKET_ID, run: sql.placeholder('run'), owner: OWNER, expires_at: EXPIRES_AT })
      .onConflictDoUpdate({
        target: runs.ticket_id,
        set: {
          run: sql`excluded.run`,
          owner: sql`excluded.owner`,
          expires_at: sql`excluded.expires_at`,
          failure: null,
        },
      })
      .prepare(),
    renew: db
      .update(runs)
      .set({ expires_at: sql`${EXPIRES_AT}` })
      .where(own)
      .returning({ ticket_id: runs.ticket_id })
      .prepare(),
    recordSuccess: db
      .update(runs)
      .set({ expires_at: null, succeeded: sql`${runs.run}` })
      .where(ofTicket)
      .prepare(),
    recordFailure: db
      .update(runs)
      .set({ expires_at: null, failure: sql`${sql.placeholder('failure')}` })
      .where(ofTicket)
      .prepare(),

    storeResult: upsert(db).prepare(),
  };
}

/** A ticket's one result, over an older one: all columns but the ids are of the new run. */
function upsert(db: BetterSQLite3Database) {
  const { id: _, created_at, ...columns } = getTableColumns(results);
  const each = (value: (name: string) => unknown) =>
    Object.fromEntries(Object.keys(columns).map((name) => [name, value(name)])) as Record<keyof NewResult, SQL>;
  const overwrite = { ...each((name) => sql.raw(`excluded.${name}`)), created_at: sql`CURRENT_TIMESTAMP` };
  return db
    .insert(results)
    .values(each((name) => sql.placeholder(name)))
    .onConflictDoUpdate({ target: results.ticket_id, set: overwrite })
    .returning();
}
