import { eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { NewResult, ResultRepository } from '../types.ts';
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

/** Inserts a ticket's result or overwrites all columns of the older one but the ids. */
export function prepareResultUpsert(db: BetterSQLite3Database) {
  const { id: _, created_at, ...columns } = getTableColumns(results);
  const forEachColumn = (value: (name: string) => unknown) =>
    Object.fromEntries(Object.keys(columns).map((name) => [name, value(name)])) as Record<keyof NewResult, SQL>;
  return db
    .insert(results)
    .values(forEachColumn((name) => sql.placeholder(name)))
    .onConflictDoUpdate({
      target: results.ticket_id,
      set: { ...forEachColumn((name) => sql.raw(`excluded.${name}`)), created_at: sql`CURRENT_TIMESTAMP` },
    })
    .returning()
    .prepare();
}
