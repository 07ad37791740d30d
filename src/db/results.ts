import { eq, getTableColumns, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { Result } from '../schemas/result.ts';
import { results, tickets } from './schema.ts';

export type NewResult = Omit<Result, 'id' | 'created_at'>;

export interface ResultRepository {
  findByTicket(ticketId: number): Promise<Result | undefined>;
  /** Stores the one result of a ticket, over an older one if there is one, and marks the ticket `done` with it. */
  save(result: NewResult): Promise<Result>;
}

export function createResultRepository(db: BetterSQLite3Database): ResultRepository {
  const { id: _, created_at, ...columns } = getTableColumns(results);
  const names = Object.keys(columns) as (keyof NewResult)[];
  const each = (value: (name: keyof NewResult) => unknown) =>
    Object.fromEntries(names.map((name) => [name, value(name)])) as Record<keyof NewResult, ReturnType<typeof sql>>;

  const ticketId = sql.placeholder('ticket_id');
  const select = db.select().from(results).where(eq(results.ticket_id, ticketId)).prepare();
  const upsert = db
    .insert(results)
    .values(each((name) => sql.placeholder(name)))
    .onConflictDoUpdate({
      target: results.ticket_id,
      set: { ...each((name) => sql.raw(`excluded.${name}`)), created_at: sql`CURRENT_TIMESTAMP` },
    })
    .returning()
    .prepare();
  const done = db.update(tickets).set({ status: 'done' }).where(eq(tickets.id, ticketId)).prepare();

  return {
    findByTicket: async (ticket_id) => select.get({ ticket_id }),
    save: async (result) =>
      db.transaction(
        () => {
          const stored = upsert.get(result);
          done.run({ ticket_id: result.ticket_id });
          return stored;
        },
        { behavior: 'immediate' },
      ),
  };
}
