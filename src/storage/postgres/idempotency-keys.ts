import { and, eq, type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import { QUEUE_FIRST_RUNS } from './enqueue.ts';
import { idempotencyKeys, tickets } from './schema.ts';
import { TICKET_COLUMN_NAMES, TICKET_COLUMNS } from './ticket-columns.ts';

/** The statements for tickets that are created with an idempotency key. */
export function prepareKeyStatements({ reads, pool }: Pick<Connections, 'reads' | 'pool'>) {
  const CLIENT = sql.placeholder('client');
  const KEY = sql.placeholder('key');
  const EXPIRY = sql`now() - interval '24 hours'`;
  const isKey = and(eq(idempotencyKeys.client, CLIENT), eq(idempotencyKeys.key, KEY));
  /** Without keys that another statement is deleting, so that two cannot deadlock. */
  const expired = (rest: SQL) => sql`array(
    select ctid from idempotency_keys where created_at < ${EXPIRY} ${rest} for update skip locked)`;

  const inserted = pool.$with('inserted', TICKET_COLUMNS).as(sql`
    insert into tickets (source, raw_text, status)
    values (${sql.placeholder('source')}, ${sql.placeholder('raw_text')}, ${sql.placeholder('status')})
    returning ${TICKET_COLUMN_NAMES}`);
  const searchTexts = pool.$with('search_texts', {}).as(sql`
    insert into ticket_search (ticket_id, raw_text) select id, ${sql.placeholder('folded')} from inserted`);
  const queued = pool.$with('queued', {}).as(QUEUE_FIRST_RUNS);
  const key = pool.$with('key', {}).as(sql`
    insert into idempotency_keys (client, key, request_hash, ticket_id)
    select ${CLIENT}, ${KEY}, ${sql.placeholder('requestHash')}, id from inserted`);

  return {
    find: reads
      .select({ request_hash: idempotencyKeys.request_hash, ticket: TICKET_COLUMNS })
      .from(idempotencyKeys)
      .innerJoin(tickets, eq(tickets.id, idempotencyKeys.ticket_id))
      .where(and(isKey, sql`${idempotencyKeys.created_at} >= ${EXPIRY}`))
      .prepare('find_idempotency_key'),
    insert: pool.with(inserted, searchTexts, queued, key).select().from(inserted).prepare('insert_idempotent_ticket'),
    /** Deletes this key, and more than one other, so that they do not accumulate, but a few. */
    deleteExpired: pool
      .delete(idempotencyKeys)
      .where(sql`ctid = any(${expired(sql`and ${isKey}`)}) or ctid = any(${expired(sql`limit 100`)})`)
      .prepare('delete_expired_idempotency_keys'),
  };
}
