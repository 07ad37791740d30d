import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  customType,
  date,
  doublePrecision,
  index,
  json,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { ERROR_CODES } from '../../errors.ts';
import { CATEGORIES } from '../../schemas/result.ts';
import { RUN_STATUSES } from '../../schemas/run.ts';
import { TICKET_STATUSES } from '../../schemas/ticket.ts';
import type { BatchCursor, BatchDefinition } from '../types.ts';

/** The time in whole seconds, as clients see it: `timestamptz(0)` alone would round up half of the times. */
export const NOW = sql`date_trunc('second', now())`;

/** Read as `2026-02-17T16:35:05Z`. The driver returns PostgreSQL's text, `2026-02-17 16:35:05+00`. */
const utcTimestamp = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamp (0) with time zone',
  fromDriver: (timestamp) => `${new Date(timestamp).toISOString().slice(0, 19)}Z`,
});

/** Every number of JSON that clients may ask for fits, also in a comparison. */
const integer = () => bigint({ mode: 'number' });

const identity = () => integer().primaryKey().generatedByDefaultAsIdentity();

export const tickets = pgTable(
  'tickets',
  {
    id: identity(),
    created_at: utcTimestamp().notNull().default(NOW),
    source: text().notNull(),
    raw_text: text().notNull(),
    status: text({ enum: TICKET_STATUSES }).notNull().default('new'),
    /** The category of the stored result, beside the other columns that the list filters by. */
    category: text({ enum: CATEGORIES }),
  },
  (table) => [
    check('tickets_status_check', sql`${table.status} in ('new', 'processing', 'done', 'failed')`),
    // One index for each set of columns that the list filters by (list.ts), in the list's order.
    index('tickets_created_at').on(table.created_at, table.id),
    index('tickets_status_category').on(table.status, table.category, table.created_at, table.id),
    index('tickets_source').on(table.source, table.created_at, table.id),
    index('tickets_source_status_category').on(table.source, table.status, table.category, table.created_at, table.id),
  ],
);

const ticketId = () =>
  integer()
    .notNull()
    .references(() => tickets.id, { onDelete: 'cascade' });

export const results = pgTable('results', {
  id: identity(),
  ticket_id: ticketId().unique(),
  summary: text().notNull(),
  category: text({ enum: CATEGORIES }).notNull(),
  reply_draft: text().notNull(),
  model: text().notNull(),
  prompt_version: text().notNull(),
  created_at: utcTimestamp().notNull().default(NOW),
  openai_request_id: text(),
  latency_ms: integer(),
  input_tokens: integer(),
  output_tokens: integer(),
  total_tokens: integer(),
  cached_tokens: integer(),
});

/** What a search reads: the texts of each ticket in lower case, the same in every locale. */
export const ticketSearch = pgTable('ticket_search', {
  ticket_id: ticketId().primaryKey(),
  raw_text: text().notNull(),
  /** Of the stored result. */
  summary: text(),
});

/** Runs of many tickets that one request has asked for. */
export const batches = pgTable(
  'batches',
  {
    id: identity(),
    created_at: utcTimestamp().notNull().default(NOW),
    /** When no ticket was queued or running any more. */
    finished_at: utcTimestamp(),
    /** Also tickets that have a result. */
    force: boolean().notNull(),
    /** The ids of the tickets, or the filter that they match. Null when the batch is finished. */
    definition: json().$type<BatchDefinition>(),
    /** Up to where tickets have been queued; null at the beginning. */
    cursor: json().$type<BatchCursor>(),
    /** All tickets have been looked at, or the batch was cancelled. */
    is_expanded: boolean().notNull().default(false),
    is_cancelled: boolean().notNull().default(false),
    /** Tickets that have been looked at. */
    expanded: integer().notNull().default(0),
    total: integer().notNull(),
    /** While tickets are being queued: those that were not. When the batch is finished, all that have no run. */
    skipped: integer().notNull().default(0),
    /** Set when the batch is finished; before, the runs are counted. */
    succeeded: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    /** Of runs that were tried again; when the batch is finished, of all its runs. */
    cost_usd: doublePrecision(),
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
export const runs = pgTable(
  'runs',
  {
    id: identity(),
    ticket_id: ticketId(),
    /** Counts the ticket's runs from 1; the fencing token. */
    number: integer().notNull(),
    status: text({ enum: RUN_STATUSES }).notNull(),
    /** Id of the server process that claimed the run. Null: nobody can end it any more. */
    lease_owner: text(),
    /** The owner renews it. Null: the owner cannot end the run, because it has ended or a newer one was claimed. */
    lease_expires_at: timestamp({ withTimezone: true, mode: 'string' }),
    created_at: utcTimestamp().notNull().default(NOW),
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
    cost_usd: doublePrecision(),
    summary: text(),
    category: text({ enum: CATEGORIES }),
    reply_draft: text(),
    /** Counts the runs of a background series from 1; null: a client waits for the run, and nothing repeats it. */
    background_run: integer(),
    /** When a queued run may start. */
    start_after: timestamp({ withTimezone: true, mode: 'string' }),
    /** The batch that the run belongs to, if no later run of the series does. */
    batch_id: integer().references(() => batches.id, { onDelete: 'set null' }),
  },
  (table) => [
    unique('runs_ticket_id_number').on(table.ticket_id, table.number),
    uniqueIndex('runs_active').on(table.ticket_id).where(sql`status in ('queued', 'running')`),
    index('runs_queued').on(table.start_after, table.id).where(sql`status = 'queued'`),
    index('runs_running').on(table.ticket_id).where(sql`status = 'running'`),
    index('runs_abandoned').on(table.started_at).where(sql`status = 'abandoned'`),
    index('runs_batch').on(table.batch_id, table.status, table.id, table.cost_usd).where(sql`batch_id is not null`),
    check('runs_status_check', sql`${table.status} in ('queued', 'running', 'succeeded', 'failed', 'abandoned')`),
  ],
);

/**
 * Sums over the runs that have succeeded or failed, so that a report does not read every run. The columns up to
 * `latency_ms` are the key; an empty text means none.
 */
export const usageDaily = pgTable(
  'usage_daily',
  {
    /** UTC date on which the runs started. */
    day: date({ mode: 'string' }).notNull(),
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
    cost_usd: doublePrecision(),
  },
  (table) => [
    primaryKey({
      name: 'usage_daily_pk', // the generated name would be too long
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
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** Name of the API key; empty without one. */
    client: text().notNull(),
    key: text().notNull(),
    /** SHA-256 of the request's fields. */
    request_hash: text().notNull(),
    ticket_id: ticketId(),
    created_at: timestamp({ withTimezone: true, mode: 'string' }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.client, table.key] }),
    index('idempotency_keys_created_at').on(table.created_at),
    index('idempotency_keys_ticket_id').on(table.ticket_id),
  ],
);
