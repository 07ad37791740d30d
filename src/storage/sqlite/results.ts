import { eq, sql } from 'drizzle-orm';
import type { ResultRepository } from '../types.ts';
import type { Reader } from './reader.ts';
import { results } from './schema.ts';

export function createResultRepository({ db, first }: Reader): ResultRepository {
  const select = db
    .select()
    .from(results)
    .where(eq(results.ticket_id, sql.placeholder('ticket_id')));
  const find = first(select);
  return { findByTicketId: async (ticketId) => find(ticketId) };
}
