import { count, eq, getTableColumns, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { NewTicket, Ticket } from '../../schemas/ticket.ts';
import { fold } from '../fold.ts';
import type { CreateOptions, IdempotencyKey, TicketRepository } from '../types.ts';
import { prepareDeletion } from './deletion.ts';
import { read } from './errors.ts';
import { createKeyStore } from './idempotency-keys.ts';
import { ticketSearch, tickets } from './schema.ts';
import type { SharedStatements } from './statements.ts';
import type { WriteBatcher } from './write-batcher.ts';

type Counts = Record<Ticket['status'], number>;
const EMPTY_COUNTS: Counts = { new: 0, processing: 0, done: 0, failed: 0 };

/** Counts are cached for so many times the duration of counting, which blocks the process for 35 ms per million. */
const CACHE_FACTOR = 100;

const { category: _, ...columns } = getTableColumns(tickets);
/** The columns of a ticket that clients see. */
export const TICKET_COLUMNS = columns;

export function createTicketRepository(
  db: BetterSQLite3Database,
  { insertQueuedRun, recordUsage }: SharedStatements,
  { write }: WriteBatcher,
  { list, count: countMatching }: Pick<TicketRepository, 'list' | 'count'>,
): TicketRepository {
  const insert = db
    .insert(tickets)
    .values({
      source: sql.placeholder('source'),
      raw_text: sql.placeholder('raw_text'),
      status: sql.placeholder('status'),
    })
    .returning(TICKET_COLUMNS)
    .prepare();
  const insertSearchTexts = db
    .insert(ticketSearch)
    .values({ ticket_id: sql.placeholder('id'), raw_text: sql.placeholder('raw_text') })
    .prepare();
  const find = db
    .select(TICKET_COLUMNS)
    .from(tickets)
    .where(eq(tickets.id, sql.placeholder('id')))
    .prepare();
  const countByStatus = db
    .select({ status: tickets.status, count: count() })
    .from(tickets)
    .groupBy(tickets.status)
    .prepare();
  const keys = createKeyStore(db);
  const deletion = prepareDeletion(db, recordUsage);

  function create({ source, raw_text }: NewTicket, { enqueue = false }: CreateOptions = {}): Ticket {
    const ticket = insert.get({ source, raw_text, status: enqueue ? 'processing' : 'new' });
    insertSearchTexts.run({ id: ticket.id, raw_text: fold(raw_text) });
    if (enqueue) insertQueuedRun({ ticketId: ticket.id, number: 1, backgroundRun: 1, delayMs: 0 });
    return ticket;
  }

  function createOnce(ticket: NewTicket, key: IdempotencyKey, options?: CreateOptions) {
    const known = keys.find(key);
    if (known && known.request_hash !== key.requestHash) return undefined;
    const original = known && find.get({ id: known.ticket_id });
    if (original) return { ticket: original, isReplay: true };
    const created = create(ticket, options);
    keys.store(key, created.id);
    return { ticket: created, isReplay: false };
  }

  let cachedCounts = EMPTY_COUNTS;
  let cacheExpiresAt = Number.NEGATIVE_INFINITY;

  return {
    create: (ticket, options) => write(() => create(ticket, options), 2 * ticket.raw_text.length),

    createOnce: (ticket, key, options) => write(() => createOnce(ticket, key, options), 2 * ticket.raw_text.length),

    delete: (id) => write(() => deletion.deleteTicket(id)),

    deleteCreatedBefore: (time, limit) =>
      write(() => {
        const ids = deletion.findCreatedBefore(time, limit);
        for (const id of ids) deletion.deleteTicket(id);
        return ids.length;
      }),

    findById: (id) => read(() => find.get({ id })),

    list,

    count: countMatching,

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
