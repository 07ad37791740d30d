import { count, eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { NewTicket, Ticket } from '../../schemas/ticket.ts';
import type { IdempotencyKey, TicketRepository } from '../types.ts';
import { prepareDeletion } from './deletion.ts';
import { read } from './errors.ts';
import { createKeyStore } from './idempotency-keys.ts';
import { tickets } from './schema.ts';
import type { WriteBatcher } from './write-batcher.ts';

type Counts = Record<Ticket['status'], number>;
const EMPTY_COUNTS: Counts = { new: 0, processing: 0, done: 0, failed: 0 };

/** Counts are cached for so many times the duration of counting, which blocks the process for 35 ms per million. */
const CACHE_FACTOR = 100;

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
  const keys = createKeyStore(db);
  const deletion = prepareDeletion(db);

  function createOnce(ticket: NewTicket, key: IdempotencyKey) {
    const known = keys.find(key);
    if (known && known.request_hash !== key.requestHash) return undefined;
    const original = known && find.get({ id: known.ticket_id });
    if (original) return { ticket: original, isReplay: true };
    const created = insert.get(ticket);
    keys.store(key, created.id);
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
