import { and, eq, gte, lt, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { IdempotencyKey } from '../types.ts';
import { idempotencyKeys } from './schema.ts';

/** How long a key is remembered. */
const KEY_TTL_MS = 24 * 3600 * 1000;

/** Expired keys that are deleted with each new one: more than one, so that they do not accumulate, but a few. */
const MAX_DELETED_KEYS = 100;

/** The keys that are younger than a day. To be called in a transaction. */
export function createKeyStore(db: BetterSQLite3Database) {
  const statements = prepareKeyStatements(db);
  return {
    find({ client, key }: IdempotencyKey) {
      const expiry = Date.now() - KEY_TTL_MS;
      statements.deleteExpired.run({ expiry });
      return statements.find.get({ client, key, expiry });
    },
    store: ({ client, key, requestHash }: IdempotencyKey, ticketId: number) =>
      void statements.insert.run({ client, key, requestHash, ticketId, now: Date.now() }),
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
