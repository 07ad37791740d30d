import { sql } from 'drizzle-orm';
import {
  check,
  customType,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core';
import { ERROR_CODES } from '../../errors.ts';
import { CATEGORIES } from '../../schemas/result.ts';
import { RUN_STATUSES } from '../../schemas/run.ts';
import { TICKET_STATUSES } from '../../schemas/ticket.ts';
import type { BatchCursor, BatchDefinition } from '../types.ts';
import { fromTimestamp, toTimestamp } from './timestamp.ts';

const utcTimestamp = customType<{ data: string; driverData: string }>({
  dataType: () => 'text',
  fromDriver: fromTimestamp,
  toDriver: toTimestamp,
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
    /** The category of the stored result, beside the other columns that the list filters by. */
    category: text({ enum: CATEGORIES }),
  },
  (table) => [
    check('tickets_status', sql`${table.status} in ('new', 'processing', 'done', 'failed')`),
    // One index for each set of columns that the list filters by (list.ts), in the list's order.
    index('tickets_created_at').on(table.created_at),
    index('tickets_status_category').on(table.status, table.category, table.created_at),
    index('tickets_source').on(table.source, table.created_at),
    index('tickets_source_status_category').on(table.source, table.status, table.category, table.created_at),
  ],
);

/** What a search reads: the texts of each ticket in lower case, because SQLite itself knows only ASCII letters. */
export const ticketSearch = sqliteTable('ticket_search', {
  ticket_id: integer()
    .primaryKey()
    .references(() => tickets.id, { onDelete: 'cascade' }),
  raw_text: text().notNull(),
  /** Of the stored result. */
  summary: text(),
});

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

/** Runs of many tickets that one request has asked for. */
export const batches = sqliteTable(
  'batches',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    created_at: utcTimestamp().notNull().default(sql`CURRENT_TIMESTAMP`),
    /** When no ticket was queued or running any more. */
    finished_at: utcTimestamp(),
    /** Also tickets that have a result. */
    force: integer({ mode: 'boolean' }).notNull(),
    /** The ids of the tickets, or the filter that they match. Null when the batch is finished. */
    definition: text({ mode: 'json' }).$type<BatchDefinition>(),
    /** Up to where tickets have been queued; null at the beginning. */
    cursor: text({ mode: 'json' }).$type<BatchCursor>(),
    /** All tickets were checked, or the batch was cancelled. */
    is_expanded: integer({ mode: 'boolean' }).notNull().default(false),
    is_cancelled: integer({ mode: 'boolean' }).notNull().default(false),
    /** Tickets that were checked. */
    expanded: integer().notNull().default(0),
    total: integer().notNull(),
    /** While tickets are being queued: those that were not. When the batch is finished, all that have no run. */
    skipped: integer().notNull().default(0),
    /** Set when the batch is finished; before, the runs are counted. */
    succeeded: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    /** Of runs that were tried again; when the batch is finished, of all its runs. */
    cost_usd: real(),
    /** Of the request, as in `idempotency_keys`; null without a key and when it has expired. */
    client: text(),
    idempotency_key: text(),
    request_hash: text(),
  },
  (table) => [
    unique('batches_idempotency_key').on(table.client, table.idempotency_key),
    index('batches_open').on(table.id).where(sql`finished_at is null`),
  ],
);

/** One row per run. */
export const runs = sqliteTable(
  'runs',
  {
    id: integer().primaryKey(),
    ticket_id: integer()
      .notNull()
      .references(() => tickets.id),
    /** Counts the ticket's runs from 1; the fencing token. */
    number: integer().notNull(),
    status: text({ enum: RUN_STATUSES }).notNull(),
    /** Id of the server process that claimed the run. Null: nobody can end it any more. */
    lease_owner: text(),
    /** In ms since 1970; the owner renews it. */
    lease_expires_at: integer(),
    created_at: utcTimestamp().notNull().default(sql`CURRENT_TIMESTAMP`),
    started_at: utcTimestamp(),
    finished_at: utcTimestamp(),
    error_code: text({ enum: ERROR_CODES }),
    /** The failure as the requests see it that wait for the run in other processes. */
    error_message: text(),
    retry_after_ms: integer(),
    prompt_version: text(),
    provider: text(),
    model: text(),
    openai_request_id: text(),
    attempts: integer().notNull().default(0),
    latency_ms: integer(),
    input_tokens: integer(),
    output_tokens: integer(),
    total_tokens: integer(),
    cached_tokens: integer(),
    cost_usd: real(),
    summary: text(),
    category: text({ enum: CATEGORIES }),
    reply_draft: text(),
    /** Counts the runs of a background series from 1; null: a client waits for the run, and nothing repeats it. */
    background_run: integer(),
    /** When a queued run may start, in ms since 1970. */
    start_after: integer(),
    /** The batch that the run belongs to, if no later run of the series does. */
    batch_id: integer().references(() => batches.id),
  },
  (table) => [
    unique('runs_ticket_id_number').on(table.ticket_id, table.number),
    uniqueIndex('runs_active').on(table.ticket_id).where(sql`status in ('queued', 'running')`),
    index('runs_queued').on(table.start_after).where(sql`status = 'queued'`),
    index('runs_running').on(table.lease_expires_at).where(sql`status = 'running'`),
    index('runs_abandoned').on(table.started_at).where(sql`status = 'abandoned'`),
    index('runs_batch').on(table.batch_id, table.status, table.cost_usd).where(sql`batch_id is not null`),
    check('runs_status', sql`${table.status} in ('queued', 'running', 'succeeded', 'failed', 'abandoned')`),
  ],
);

/**
 * Sums over the runs that have succeeded or failed, so that a report does not read every run. The columns up to
 * `latency_ms` are the key; an empty text means none. The migration makes it a table WITHOUT ROWID, which drizzle cannot
 * express: the rows of a range of days lie together.
 */
export const usageDaily = sqliteTable(
  'usage_daily',
  {
    /** UTC date on which the runs started. */
    day: text().notNull(),
    provider: text().notNull(),
    model: text().notNull(),
    prompt_version: text().notNull(),
    category: text().notNull(),
    error_code: text().notNull(),
    status: text({ enum: RUN_STATUSES }).notNull(),
    /** Rounded, which keeps the rows few and the percentiles within 5 %; -1 if unknown. */
    latency_ms: integer().notNull(),
    runs: integer().notNull(),
    attempts: integer().notNull(),
    input_tokens: integer().notNull(),
    output_tokens: integer().notNull(),
    total_tokens: integer().notNull(),
    cached_tokens: integer().notNull(),
    /** Sum of the known costs; null if none is known. */
    cost_usd: real(),
  },
  (table) => [
    primaryKey({
      columns: [
        table.day,
        table.provider,
        table.model,
        table.prompt_version,
        table.category,
        table.error_code,
        table.status,
        table.latency_ms,
      ],
    }),
  ],
);

/** `Idempotency-Key`s of POST /tickets; stored with the ticket, deleted after a day. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    /** Name of the API key; empty without one. */
    client: text().notNull(),
    key: text().notNull(),
    /** SHA-256 of the request's fields. */
    request_hash: text().notNull(),
    ticket_id: integer()
      .notNull()
      .references(() => tickets.id),
    /** In ms since 1970. */
    created_at: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.client, table.key] }),
    index('idempotency_keys_created_at').on(table.created_at),
    index('idempotency_keys_ticket_id').on(table.ticket_id),
  ],
);
