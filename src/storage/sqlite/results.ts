import { eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { ResultRepository } from '../types.ts';
import { read } from './errors.ts';
import { results } from './schema.ts';

export function createResultRepository(db: BetterSQLite3Database): ResultRepository {
  const find = db
    .select()
    .from(results)
    .where(eq(results.ticket_id, sql.placeholder('ticketId')))
    .prepare();
  return { findByTicketId: (ticketId) => read(() => find.get({ ticketId })) };
}
