import { sql } from 'drizzle-orm';
import { check, customType, index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { CATEGORIES } from '../../schemas/result.ts';
import { TICKET_STATUSES } from '../../schemas/ticket.ts';
import type { RunFailure } from '../types.ts';

/** Stored as SQLite's CURRENT_TIMESTAMP writes it (`2026-02-17 16:35:05`, UTC), read as `2026-02-17T16:35:05Z`. */
const utcTimestamp = customType<{ data: string; driverData: string }>({
  dataType: () => 'text',
  fromDriver: (timestamp) => `${timestamp.slice(0, 10)}T${timestamp.slice(11, 19)}Z`,
});

export const tickets = sqliteTable(
  'tickets',
  {
    // AUTOINCREMENT: the id of a deleted ticket is never given to another one; a client may still hold it.
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

/** One row per ticket that was ever processed: its newest run. */
export const runs = sqliteTable('runs', {
  ticket_id: integer()
    .primaryKey()
    .references(() => tickets.id),
  /** Counts the ticket's runs and is the fencing token. */
  number: integer().notNull(),
  /** Number of the newest run whose result was stored; 0 if there is none. */
  last_succeeded: integer().notNull().default(0),
  /** Id of the server process that claimed the run. */
  lease_owner: text().notNull(),
  /** In ms since 1970; the owner renews it. Null: the run has ended. */
  lease_expires_at: integer(),
  /** Why the run failed. */
  failure: text({ mode: 'json' }).$type<RunFailure>(),
});
