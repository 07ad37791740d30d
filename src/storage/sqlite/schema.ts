import { sql } from 'drizzle-orm';
import { check, customType, index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { CATEGORIES } from '../../schemas/result.ts';
import { TICKET_STATUSES } from '../../schemas/ticket.ts';
import type { RunFailure } from '../types.ts';

/**
 * A time as SQLite's CURRENT_TIMESTAMP writes it (`2026-02-17 16:35:05`, UTC), read as `2026-02-17T16:35:05Z`.
 * SQLAlchemy may have added microseconds; they are left out.
 */
const utcTimestamp = customType<{ data: string; driverData: string }>({ dataType: () => 'text', fromDriver: toIso });

export function toIso(timestamp: string): string {
  return `${timestamp.slice(0, 10)}T${timestamp.slice(11, 19)}Z`;
}

export const tickets = sqliteTable(
  'tickets',
  {
    // AUTOINCREMENT: the id of a deleted ticket, which somebody may still hold, never names another one.
    id: integer().primaryKey({ autoIncrement: true }),
    created_at: utcTimestamp().notNull().default(sql`CURRENT_TIMESTAMP`),
    source: text().notNull(),
    raw_text: text().notNull(),
    status: text({ enum: TICKET_STATUSES }).notNull().default('new'),
  },
  (table) => [
    check('tickets_status', sql`${table.status} in ('new', 'processing', 'done', 'failed')`),
    index('tickets_status').on(table.status),
  ],
);

export const results = sqliteTable('results', {
  id: integer().primaryKey(),
  ticket_id: integer()
    .notNull()
    .unique()
    .references(() => tickets.id),
  summary: text().notNull(),
  category: text({ enum: CATEGORIES }).notNull(),
  reply_draft: text().notNull(),
  model: text().notNull(),
  prompt_version: text().notNull(),
  created_at: utcTimestamp().notNull().default(sql`CURRENT_TIMESTAMP`),
  openai_request_id: text(),
  latency_ms: integer(),
  input_tokens: integer(),
  output_tokens: integer(),
  total_tokens: integer(),
  cached_tokens: integer(),
});

/** Who makes, or has made, a ticket's result: a row per ticket that was ever processed. */
export const runs = sqliteTable('runs', {
  ticket_id: integer()
    .primaryKey()
    .references(() => tickets.id),
  /** The number of the ticket's newest run. */
  run: integer().notNull(),
  /** The number of the newest run whose result was stored; 0 if there is none. */
  succeeded: integer().notNull().default(0),
  /** The process of the newest run; no other may store its result. */
  owner: text().notNull(),
  /** Up to when the owner is taken to be alive, in ms since 1970; the owner moves it on. Null: the run is over. */
  expires_at: integer(),
  /** Why the newest run failed. */
  failure: text({ mode: 'json' }).$type<RunFailure>(),
});
