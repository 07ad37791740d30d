import { eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { NewTicket, Ticket } from '../schemas/ticket.ts';
import type { Reader } from './reader.ts';
import { tickets } from './schema.ts';
import type { Writer } from './writer.ts';

export interface TicketRepository {
  create(ticket: NewTicket): Promise<Ticket>;
  find(id: number): Promise<Ticket | undefined>;
}

export function createTicketRepository(
  db: BetterSQLite3Database,
  { first }: Reader,
  { write }: Writer,
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
  return {
    create: ({ source, raw_text }) =>
      write(() => ({ ...insert.get({ source, raw_text }), source, raw_text }), raw_text.length),
    find: async (id) => find({ id }),
  };
}
