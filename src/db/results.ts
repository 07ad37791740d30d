import { eq, sql } from 'drizzle-orm';
import type { Result } from '../schemas/result.ts';
import type { Reader } from './reader.ts';
import { results } from './schema.ts';

export interface ResultRepository {
  findByTicket(ticketId: number): Promise<Result | undefined>;
}

export function createResultRepository({ db, first }: Reader): ResultRepository {
  const select = db
    .select()
    .from(results)
    .where(eq(results.ticket_id, sql.placeholder('ticket_id')));
  const find = first(select);
  return { findByTicket: async (ticketId) => find(ticketId) };
}
