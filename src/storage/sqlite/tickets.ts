import { and, count, eq, gte, inArray, lt, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { NewTicket, Ticket } from '../../schemas/ticket.ts';
import type { IdempotencyKey, TicketRepository } from '../types.ts';
import { read } from './errors.ts';
import { COUNTED_COLUMNS } from './run-columns.ts';
import { idempotencyKeys, results, runs, tickets } from './schema.ts';
import { createUsageRecorder } from './usage.ts';
import type { WriteBatcher } from './write-batcher.ts';

type Counts = Record<Ticket['status'], number>;
const EMPTY_COUNTS: Counts = { new: 0, processing: 0, done: 0, failed: 0 };

/** Counts are cached for so many times the duration of counting, which blocks the process for 35 ms per million. */
const CACHE_FACTOR = 100;

/** How long a key is remembered. */
const KEY_TTL_MS = 24 * 3600 * 1000;

/** Expired keys that are deleted with each new one: more than one, so that they do not accumulate, but a few. */
const MAX_DELETED_KEYS = 100;

export function createTicketRepository(db: BetterSQLite3Database, { write }: WriteBatcher): TicketRepository {
  const insert = db
    .insert(tickets)
    .values({ source: sql.placeholder('source'), raw_text: sql.placeholder('raw_text') })
    .returning()
    .prepare();
  const find = db
    .select()
    .from(tickets)
    .where(eq(tickets.id, sql.placeholder('id')))
    .prepare();
  const countByStatus = db
    .select({ status: tickets.status, count: count() })
    .from(tickets)
    .groupBy(tickets.status)
    .prepare();
  const keys = prepareKeyStatements(db);
  const deletion = prepareDeletion(db);

  function createOnce(ticket: NewTicket, { client, key, requestHash }: IdempotencyKey) {
    const now = Date.now();
    keys.deleteExpired.run({ expiry: now - KEY_TTL_MS });
    const known = keys.find.get({ client, key, expiry: now - KEY_TTL_MS });
    if (known && known.request_hash !== requestHash) return undefined;
    const original = known && find.get({ id: known.ticket_id });
    if (original) return { ticket: original, isReplay: true };
    const created = insert.get(ticket);
    keys.insert.run({ client, key, requestHash, ticketId: created.id, now });
    return { ticket: created, isReplay: false };
  }

  let cachedCounts = EMPTY_COUNTS;
  let cacheExpiresAt = Number.NEGATIVE_INFINITY;

  return {
    create: ({ source, raw_text }) => write(() => insert.get({ source, raw_text }), raw_text.length),

    createOnce: (ticket, key) => write(() => createOnce(ticket, key), ticket.raw_text.length),

    delete: (id) => write(() => deletion.deleteTicket(id)),

    deleteCreatedBefore: (time, limit) =>
      write(() => {
        const ids = deletion.findCreatedBefore(time, limit);
        for (const id of ids) deletion.deleteTicket(id);
        return ids.length;
      }),

    findById: (id) => read(() => find.get({ id })),

    async countByStatus() {
      const start = performance.now();
      if (start < cacheExpiresAt) return cachedCounts;
      const rows = await read(() => countByStatus.all());
      cachedCounts = { ...EMPTY_COUNTS, ...Object.fromEntries(rows.map(({ status, count }) => [status, count])) };
      cacheExpiresAt = start + CACHE_FACTOR * (performance.now() - start);
      return cachedCounts;
    },
  };
}

function prepareKeyStatements(db: BetterSQLite3Database) {
  const isKey = and(
    eq(idempotencyKeys.client, sql.placeholder('client')),
    eq(idempotencyKeys.key, sql.placeholder('key')),
  );
  const expired = db
    .select({ rowid: sql`rowid` })
    .from(idempotencyKeys)
    .where(lt(idempotencyKeys.created_at, sql.placeholder('expiry')))
    .limit(MAX_DELETED_KEYS);
  return {
    find: db
      .select()
      .from(idempotencyKeys)
      .where(and(isKey, gte(idempotencyKeys.created_at, sql.placeholder('expiry'))))
      .prepare(),
    insert: db
      .insert(idempotencyKeys)
      .values({
        client: sql.placeholder('client'),
        key: sql.placeholder('key'),
        request_hash: sql.placeholder('requestHash'),
        ticket_id: sql.placeholder('ticketId'),
        created_at: sql.placeholder('now'),
      })
      .onConflictDoUpdate({
        target: [idempotencyKeys.client, idempotencyKeys.key], // an expired one that is not deleted yet
        set: {
          request_hash: sql`excluded.request_hash`,
          ticket_id: sql`excluded.ticket_id`,
          created_at: sql`excluded.created_at`,
        },
      })
      .prepare(),
    deleteExpired: db.delete(idempotencyKeys).where(sql`rowid in (${expired})`).prepare(),
  };
}

function prepareDeletion(db: BetterSQLite3Database) {
  const ID = sql.placeholder('id');
  const recordUsage = createUsageRecorder(db);
  const findWithoutOutcome = db
    .select(COUNTED_COLUMNS)
    .from(runs)
    .where(and(eq(runs.ticket_id, ID), inArray(runs.status, ['queued', 'running', 'abandoned'])))
    .prepare();
  const deleteDependents = [
    db.delete(idempotencyKeys).where(eq(idempotencyKeys.ticket_id, ID)).prepare(),
    db.delete(runs).where(eq(runs.ticket_id, ID)).prepare(),
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
      // The sums by day have the other runs already.
      for (const run of findWithoutOutcome.all({ id })) recordUsage({ ...run, status: 'abandoned' });
      for (const statement of deleteDependents) statement.run({ id });
      return deleteTicket.run({ id }).changes > 0;
    },
    findCreatedBefore: (time: Date, limit: number) =>
      createdBefore.all({ seconds: Math.floor(time.getTime() / 1000), limit }).map(({ id }) => id),
  };
}
