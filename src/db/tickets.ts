import { eq, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { NewTicket, Ticket } from '../schemas/ticket.ts';
import { results, tickets } from './schema.ts';

export interface TicketRepository {
  create(ticket: NewTicket): Promise<Ticket>;
  find(id: number): Promise<Ticket | undefined>;
  /** Marks a ticket as being processed; undefined if it does not exist. */
  startProcessing(id: number): Promise<Ticket | undefined>;
  /** Marks a ticket whose run failed: `done` still where an older result stands, else `failed`. */
  settle(id: number): Promise<void>;
  /** Settles every ticket that a process which is gone left `processing`. */
  settleAll(): Promise<void>;
}

export function createTicketRepository(db: BetterSQLite3Database): TicketRepository {
  const id = sql.placeholder('id');
  const hasResult = db.select().from(results).where(eq(results.ticket_id, tickets.id));
  const settled = sql`case when exists ${hasResult} then 'done' else 'failed' end`;

  const insert = db
    .insert(tickets)
    .values({ source: sql.placeholder('source'), raw_text: sql.placeholder('raw_text') })
    .returning()
    .prepare();
  const select = db.select().from(tickets).where(eq(tickets.id, id)).prepare();
  const start = db.update(tickets).set({ status: 'processing' }).where(eq(tickets.id, id)).returning().prepare();
  const settle = db.update(tickets).set({ status: settled }).where(eq(tickets.id, id)).prepare();
  const settleAll = db.update(tickets).set({ status: settled }).where(eq(tickets.status, 'processing')).prepare();

  return {
    create: async ({ source, raw_text }) => insert.get({ source, raw_text }),
    find: async (id) => select.get({ id }),
    startProcessing: async (id) => start.get({ id }),
    settle: async (id) => void settle.run({ id }),
    settleAll: async () => void settleAll.run(),
  };
}
