import { count, eq, sql } from 'drizzle-orm';
import type { NewTicket, Ticket } from '../../schemas/ticket.ts';
import { fold } from '../fold.ts';
import type { CreateOptions, IdempotencyKey, TicketRepository } from '../types.ts';
import { createBatcher } from './batcher.ts';
import type { Connections } from './connections.ts';
import { prepareDeletion } from './deletion.ts';
import { QUEUE_FIRST_RUNS } from './enqueue.ts';
import { isUniqueViolation } from './errors.ts';
import { prepareKeyStatements } from './idempotency-keys.ts';
import { createTicketCount, createTicketList } from './list.ts';
import { tickets } from './schema.ts';
import { TICKET_COLUMN_NAMES, TICKET_COLUMNS } from './ticket-columns.ts';
import { untilDecided } from './until-decided.ts';
import type { Writer } from './writer.ts';

type Counts = Record<Ticket['status'], number>;
const EMPTY_COUNTS: Counts = { new: 0, processing: 0, done: 0, failed: 0 };

/** Counts are cached for so many times the duration of counting. */
const CACHE_FACTOR = 100;

/** Most tickets that one statement inserts. */
const MAX_BATCH_SIZE = 200;

export function createTicketRepository(
  { reads, writes, pool, slow }: Connections,
  { write }: Pick<Writer, 'write'>,
): TicketRepository {
  const insertAll = prepareInsert(writes);
  const find = reads
    .select(TICKET_COLUMNS)
    .from(tickets)
    .where(eq(tickets.id, sql.placeholder('id')))
    .prepare('find_ticket');
  const countByStatus = slow
    .select({ status: tickets.status, count: count() })
    .from(tickets)
    .groupBy(tickets.status)
    .prepare('count_tickets_by_status');
  const keys = prepareKeyStatements({ reads, pool });
  const deleteTicket = prepareDeletion(pool, 'delete_ticket', sql`id = ${sql.placeholder('id')}`);
  // Servers that delete old tickets at the same time take different ones.
  const deleteCreatedBefore = prepareDeletion(
    slow,
    'delete_tickets_created_before',
    sql`created_at < ${sql.placeholder('time')}::timestamptz order by created_at limit ${sql.placeholder('limit')}`,
    sql`skip locked`,
  );

  const create = createBatcher(
    (batch: (NewTicket & { status: string })[]) =>
      write(
        () =>
          insertAll.execute({
            sources: batch.map(({ source }) => source),
            texts: batch.map(({ raw_text }) => raw_text),
            statuses: batch.map(({ status }) => status),
            folded: batch.map(({ raw_text }) => fold(raw_text)),
          }),
        batch.length,
      ),
    { maxSize: MAX_BATCH_SIZE },
  );

  /** Returns null if the key was used with another request, and undefined if another process has just used it. */
  async function tryToCreateOnce(ticket: NewTicket, idempotencyKey: IdempotencyKey, options?: CreateOptions) {
    const { client, key, requestHash } = idempotencyKey;
    const [known] = await keys.find.execute({ client, key });
    if (known) return known.request_hash === requestHash ? { ticket: known.ticket, isReplay: true } : null;
    await write(() => keys.deleteExpired.execute({ client, key }));
    try {
      const [created] = await write(() =>
        keys.insert.execute({
          ...ticket,
          status: firstStatus(options),
          folded: fold(ticket.raw_text),
          client,
          key,
          requestHash,
        }),
      );
      return { ticket: created as Ticket, isReplay: false };
    } catch (error) {
      if (!isUniqueViolation(error, 'idempotency_keys_client_key_pk')) throw error;
      return undefined;
    }
  }

  let cachedCounts = EMPTY_COUNTS;
  let cacheExpiresAt = Number.NEGATIVE_INFINITY;

  return {
    create: ({ source, raw_text }, options) => create({ source, raw_text, status: firstStatus(options) }),
    createOnce: async (...args) => (await untilDecided(() => tryToCreateOnce(...args))) ?? undefined,

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

    list: createTicketList(pool),
    count: createTicketCount(slow),

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

const firstStatus = ({ enqueue = false }: CreateOptions = {}): Ticket['status'] => (enqueue ? 'processing' : 'new');

/** Inserts one ticket for each element of `sources`, `texts` and `statuses`, and returns them in the same order. */
function prepareInsert(writes: Connections['writes']) {
  const inserted = writes.$with('inserted', TICKET_COLUMNS).as(sql`
    insert into tickets (source, raw_text, status)
    select source, raw_text, status
    from unnest(${sql.placeholder('sources')}::text[], ${sql.placeholder('texts')}::text[],
      ${sql.placeholder('statuses')}::text[]) with ordinality as input (source, raw_text, status, position)
    order by position -- ids are given in this order
    returning ${TICKET_COLUMN_NAMES}`);
  const searchTexts = writes.$with('search_texts', {}).as(sql`
    insert into ticket_search (ticket_id, raw_text)
    select id, folded
    from (select id, row_number() over (order by id) as position from inserted) as ids
      join unnest(${sql.placeholder('folded')}::text[]) with ordinality as input (folded, position) using (position)`);
  const queued = writes.$with('queued', {}).as(QUEUE_FIRST_RUNS);
  return writes
    .with(inserted, searchTexts, queued)
    .select()
    .from(inserted)
    .orderBy(inserted.id)
    .prepare('insert_tickets');
}
