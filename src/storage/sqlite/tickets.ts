import { count, eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { Ticket } from '../../schemas/ticket.ts';
import type { TicketRepository } from '../types.ts';
import type { Reader } from './reader.ts';
import { tickets } from './schema.ts';
import type { WriteBatcher } from './write-batcher.ts';

type Counts = Record<Ticket['status'], number>;
const EMPTY_COUNTS: Counts = { new: 0, processing: 0, done: 0, failed: 0 };

/** To count a million tickets takes 35 ms, in which nothing else is done: no more than a hundredth of the time is for that. */
const COUNT_SHARE = 100;

export function createTicketRepository(
  db: BetterSQLite3Database,
  { db: reads, first, read }: Reader,
  { write }: WriteBatcher,
): TicketRepository {
  const insert = db
    .insert(tickets)
    .values({ source: sql.placeholder('source'), raw_text: sql.placeholder('raw_text') })
    .returning({ id: tickets.id, created_at: tickets.created_at, status: tickets.status })
    .prepare();
  const select = db
    .select()
    .from(tickets)
    .where(eq(tickets.id, sql.placeholder('id')));
  const find = first(select);
  const counts = reads
    .select({ status: tickets.status, count: count() })
    .from(tickets)
    .groupBy(tickets.status)
    .prepare();
  let cachedCounts = EMPTY_COUNTS;
  let cacheExpiresAt = Number.NEGATIVE_INFINITY;
  return {
    create: ({ source, raw_text }) =>
      write(() => ({ ...insert.get({ source, raw_text }), source, raw_text }), raw_text.length),
    findById: async (id) => find(id),
    async countByStatus() {
      const start = performance.now();
      if (start < cacheExpiresAt) return cachedCounts;
      const some = read(() => counts.all()).map(({ status, count }) => [status, count]);
      cachedCounts = { ...EMPTY_COUNTS, ...Object.fromEntries(some) };
      cacheExpiresAt = start + COUNT_SHARE * (performance.now() - start);
      return cachedCounts;
    },
  };
}
