import { eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { Result } from '../schemas/result.ts';
import { results } from './schema.ts';

export interface ResultRepository {
  findByTicket(ticketId: number): Promise<Result | undefined>;
}

export function createResultRepository(db: BetterSQLite3Database): ResultRepository {
  const select = db
    .select()
    .from(results)
    .where(eq(results.ticket_id, sql.placeholder('ticket_id')))
    .prepare();
  return { findByTicket: async (ticket_id) => select.get({ ticket_id }) };
}
