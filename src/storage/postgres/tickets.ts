import { and, count, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { NewTicket, Ticket } from '../../schemas/ticket.ts';
import type { IdempotencyKey, TicketRepository } from '../types.ts';
import { createBatcher } from './batcher.ts';
import type { Connections } from './connections.ts';
import { isUniqueViolation } from './errors.ts';
import { idempotencyKeys, tickets } from './schema.ts';
import { recordUsage } from './usage.ts';
import type { Writer } from './writer.ts';

type Counts = Record<Ticket['status'], number>;
const EMPTY_COUNTS: Counts = { new: 0, processing: 0, done: 0, failed: 0 };

/** Counts are cached for so many times the duration of counting. */
const CACHE_FACTOR = 100;

/** Most tickets that one statement inserts. */
const MAX_BATCH_SIZE = 200;

export function createTicketRepository(
  { reads, writes, pool }: Connections,
  { write }: Pick<Writer, 'write'>,
): TicketRepository {
  const insertAll = prepareInsert(writes);
  const find = reads
    .select()
    .from(tickets)
    .where(eq(tickets.id, sql.placeholder('id')))
    .prepare('find_ticket');
  const countByStatus = pool
    .select({ status: tickets.status, count: count() })
    .from(tickets)
    .groupBy(tickets.status)
    .prepare('count_tickets_by_status');
  const keys = prepareKeyStatements({ reads, writes });
  const deleteTicket = prepareDeletion(writes, 'delete_ticket', sql`id = ${sql.placeholder('id')}`);
  // Servers that delete old tickets at the same time take different ones.
  const deleteCreatedBefore = prepareDeletion(
    pool,
    'delete_tickets_created_before',
    sql`created_at < ${sql.placeholder('time')}::timestamptz order by created_at limit ${sql.placeholder('limit')}`,
    sql`skip locked`,
  );

  const create = createBatcher(
    (batch: NewTicket[]) =>
      write(
        () =>
          insertAll.execute({
            sources: batch.map(({ source }) => source),
            texts: batch.map(({ raw_text }) => raw_text),
          }),
        batch.length,
      ),
    { maxSize: MAX_BATCH_SIZE },
  );

  async function createOnce(ticket: NewTicket, { client, key, requestHash }: IdempotencyKey) {
    const [known] = await keys.find.execute({ client, key });
    if (known) return known.request_hash === requestHash ? { ticket: known.ticket, isReplay: true } : undefined;
    await write(() => keys.deleteExpired.execute({ client, key }));
    try {
      const [created] = await write(() => keys.insert.execute({ ...ticket, client, key, requestHash }));
      return { ticket: created as Ticket, isReplay: false };
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return createOnce(ticket, { client, key, requestHash }); // another request has just used the key
    }
  }

  let cachedCounts = EMPTY_COUNTS;
  let cacheExpiresAt = Number.NEGATIVE_INFINITY;

  return {
    create,
    createOnce,

    async delete(id) {
      const deleted = await write(() => deleteTicket.execute({ id }));
      return deleted.length > 0;
    },

    async deleteCreatedBefore(time, limit) {
      const deleted = await write(() => deleteCreatedBefore.execute({ time: time.toISOString(), limit }));
      return deleted.length;
    },

    async findById(id) {
      const [ticket] = await find.execute({ id });
      return ticket;
    },

    async countByStatus() {
      const start = performance.now();
      if (start < cacheExpiresAt) return cachedCounts;
      const rows = await countByStatus.execute();
      cachedCounts = { ...EMPTY_COUNTS, ...Object.fromEntries(rows.map(({ status, count }) => [status, count])) };
      cacheExpiresAt = start + CACHE_FACTOR * (performance.now() - start);
      return cachedCounts;
    },
  };
}

const TICKET_COLUMNS = sql.raw('id, created_at, source, raw_text, status');

/** Inserts one ticket for each element of `sources` and `texts`, and returns them in the same order. */
function prepareInsert(writes: Connections['writes']) {
  const inserted = writes.$with('inserted', getTableColumns(tickets)).as(sql`
    insert into tickets (source, raw_text)
    select source, raw_text
    from unnest(${sql.placeholder('sources')}::text[], ${sql.placeholder('texts')}::text[])
      with ordinality as input (source, raw_text, position)
    order by position -- ids are given in this order
    returning ${TICKET_COLUMNS}`);
  return writes.with(inserted).select().from(inserted).orderBy(inserted.id).prepare('insert_tickets');
}

function prepareKeyStatements({ reads, writes }: Pick<Connections, 'reads' | 'writes'>) {
  const CLIENT = sql.placeholder('client');
  const KEY = sql.placeholder('key');
  const EXPIRY = sql`now() - interval '24 hours'`;
  const isKey = and(eq(idempotencyKeys.client, CLIENT), eq(idempotencyKeys.key, KEY));

  const inserted = writes.$with('inserted', getTableColumns(tickets)).as(sql`
    insert into tickets (source, raw_text) values (${sql.placeholder('source')}, ${sql.placeholder('raw_text')})
    returning ${TICKET_COLUMNS}`);
  const key = writes.$with('key', {}).as(sql`
    insert into idempotency_keys (client, key, request_hash, ticket_id)
    select ${CLIENT}, ${KEY}, ${sql.placeholder('requestHash')}, id from inserted`);

  return {
    find: reads
      .select({ request_hash: idempotencyKeys.request_hash, ticket: getTableColumns(tickets) })
      .from(idempotencyKeys)
      .innerJoin(tickets, eq(tickets.id, idempotencyKeys.ticket_id))
      .where(and(isKey, sql`${idempotencyKeys.created_at} >= ${EXPIRY}`))
      .prepare('find_idempotency_key'),
    insert: writes.with(inserted, key).select().from(inserted).prepare('insert_idempotent_ticket'),
    /** Deletes this key, and more than one other, so that they do not accumulate, but a few. */
    deleteExpired: writes
      .delete(idempotencyKeys)
      .where(sql`created_at < ${EXPIRY} and (${isKey} or ctid = any(array(
        select ctid from idempotency_keys where created_at < ${EXPIRY} limit 100)))`)
      .prepare('delete_expired_idempotency_keys'),
  };
}

/** Deletes the selected tickets; results, runs and keys are deleted with them. */
function prepareDeletion(db: Connections['writes'], name: string, condition: SQL, lockOption = sql``) {
  const selected = db.$with('selected', {}).as(sql`
    select id from tickets where ${condition} for update ${lockOption}`);
  // The sums by day have the other runs already.
  const lost = db.$with('lost', {}).as(sql`
    select runs.started_at, runs.created_at, provider, model, prompt_version, category, error_code, attempts,
      input_tokens, output_tokens, total_tokens, cached_tokens, cost_usd
    from selected join runs on runs.ticket_id = selected.id
    where runs.status in ('queued', 'running', 'abandoned')
    for update of runs`);
  const recorded = db.$with('recorded', {}).as(recordUsage(sql`lost`, { status: 'abandoned', latencyMs: sql`-1` }));
  const deleted = db.$with('deleted', { id: tickets.id }).as(sql`
    delete from tickets using selected where tickets.id = selected.id returning tickets.id`);
  return db.with(selected, lost, recorded, deleted).select().from(deleted).prepare(name);
}
