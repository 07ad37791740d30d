import { and, desc, eq, exists, gt, gte, isNull, lt, ne, notBetween, notExists, or, type SQL, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { alias, type SQLiteColumn } from 'drizzle-orm/sqlite-core';
import { COUNTED_COLUMNS, RUN_COLUMNS, SERIES_COLUMNS, STATE_COLUMNS } from './run-columns.ts';
import { batches, results, runs, ticketSearch, tickets } from './schema.ts';

const TICKET_ID = sql.placeholder('ticketId');
const NUMBER = sql.placeholder('number');
const OWNER = sql.placeholder('owner');
const NOW = sql`CURRENT_TIMESTAMP`;

const isTicket = eq(tickets.id, TICKET_ID);
const isRunOfTicket = eq(runs.ticket_id, TICKET_ID);
const LEASE_WINDOW = [sql.placeholder('now'), sql.placeholder('latest')] as const;
/** The words of the partial indexes `runs_active` and `runs_running`: SQLite uses them only if a statement has them. */
const isActive = sql`${runs.status} in ('queued', 'running')`;
const isRunning = sql`${runs.status} = 'running'`;

/** A placeholder as a value of this column, with the column's conversion. */
const param = <T extends SQLiteColumn>(name: string, column: T) =>
  sql`${sql.param(sql.placeholder(name), column)}` as SQL<T['_']['data']>;

/** The statements of runs.ts. */
export function prepareRunStatements(db: BetterSQLite3Database) {
  const newer = alias(runs, 'newer');
  const isNewest = notExists(
    db
      .select({ id: newer.id })
      .from(newer)
      .where(and(eq(newer.ticket_id, runs.ticket_id), gt(newer.number, runs.number))),
  );
  /**
   * Fencing: this process has claimed the run, and no other one a newer run since. A run that was marked as abandoned
   * because its lease had expired can still be ended by its owner; a released one has no owner.
   */
  const isOwned = and(eq(runs.lease_owner, OWNER), sql`${runs.status} in ('running', 'abandoned')`, isNewest);
  const isOwnRun = and(isRunOfTicket, eq(runs.number, NUMBER), isOwned);
  const isInList = (column: SQLiteColumn) =>
    sql`${column} in (select value from json_each(${sql.placeholder('ticketIds')}))`;

  const activeRunOf = (ticketId: SQLiteColumn) =>
    db
      .select({ id: runs.id })
      .from(runs)
      .where(and(eq(runs.ticket_id, ticketId), isActive));
  /** A ticket in processing without a run, which only a change by hand can make. */
  const isOrphan = and(eq(tickets.status, 'processing'), notExists(activeRunOf(tickets.id)));
  const hasResult = exists(db.select().from(results).where(eq(results.ticket_id, tickets.id)));
  const restoredStatus = sql<'done' | 'failed'>`case when ${hasResult} then 'done' else 'failed' end`;
  const usage = {
    attempts: param('attempts', runs.attempts),
    input_tokens: param('input_tokens', runs.input_tokens),
    output_tokens: param('output_tokens', runs.output_tokens),
    total_tokens: param('total_tokens', runs.total_tokens),
    cached_tokens: param('cached_tokens', runs.cached_tokens),
    cost_usd: param('cost_usd', runs.cost_usd),
  };
  const ended = { lease_owner: null, lease_expires_at: null, finished_at: NOW, ...usage };

  return {
    findTicket: db.select().from(tickets).where(isTicket).prepare(),
    findResult: db.select().from(results).where(eq(results.ticket_id, TICKET_ID)).prepare(),
    /** Without the lease's window: SQLite 3.54 prepares a statement with such times anew for each call. */
    findCachedResult: db
      .select()
      .from(results)
      .where(and(eq(results.ticket_id, TICKET_ID), notExists(activeRunOf(results.ticket_id))))
      .prepare(),
    /** Without ORDER BY or LIMIT: SQLite 3.54 prepares a statement with both anew whenever its values change. */
    findNewest: db.select(STATE_COLUMNS).from(runs).where(and(isRunOfTicket, isNewest)).prepare(),
    findSucceededSince: db
      .select({ number: runs.number })
      .from(runs)
      .where(and(isRunOfTicket, gte(runs.number, NUMBER), eq(runs.status, 'succeeded')))
      .prepare(),
    findByNumber: db
      .select(STATE_COLUMNS)
      .from(runs)
      .where(and(isRunOfTicket, eq(runs.number, NUMBER)))
      .prepare(),
    findExpired: db
      .select(STATE_COLUMNS)
      .from(runs)
      // A copied run has no lease.
      .where(and(isRunning, or(isNull(runs.lease_expires_at), notBetween(runs.lease_expires_at, ...LEASE_WINDOW))))
      .prepare(),

    findRun: db
      .select(RUN_COLUMNS)
      .from(runs)
      .where(and(isRunOfTicket, eq(runs.number, NUMBER)))
      .prepare(),
    list: db
      .select(RUN_COLUMNS)
      .from(runs)
      .where(and(isRunOfTicket, lt(runs.number, sql.placeholder('before'))))
      .orderBy(desc(runs.number))
      .limit(sql.placeholder('limit'))
      .prepare(),

    claim: db
      .insert(runs)
      .values({
        ticket_id: TICKET_ID,
        number: NUMBER,
        status: 'running',
        started_at: NOW,
        lease_owner: OWNER,
        lease_expires_at: sql.placeholder('expiresAt'),
        prompt_version: sql.placeholder('prompt_version'),
        provider: sql.placeholder('provider'),
        model: sql.placeholder('model'),
        background_run: sql.placeholder('backgroundRun'),
        batch_id: sql.placeholder('batchId'),
      })
      .prepare(),
    /** The run keeps its number: it had no owner, so no write with this number can be late. */
    startQueued: db
      .update(runs)
      .set({
        status: 'running',
        started_at: NOW,
        lease_owner: param('owner', runs.lease_owner),
        lease_expires_at: param('expiresAt', runs.lease_expires_at),
        prompt_version: param('prompt_version', runs.prompt_version),
        provider: param('provider', runs.provider),
        model: param('model', runs.model),
      })
      .where(and(isRunOfTicket, eq(runs.number, NUMBER), eq(runs.status, 'queued')))
      .prepare(),
    abandon: db
      .update(runs)
      .set({ status: 'abandoned', finished_at: NOW })
      .where(and(isRunOfTicket, eq(runs.status, 'running')))
      .prepare(),
    renew: db
      .update(runs)
      .set({ status: 'running', finished_at: null, lease_expires_at: param('expiresAt', runs.lease_expires_at) })
      .where(and(isInList(runs.ticket_id), isOwned))
      .returning({ ticketId: runs.ticket_id })
      .prepare(),
    complete: db
      .update(runs)
      .set({
        ...ended,
        status: 'succeeded',
        prompt_version: param('prompt_version', runs.prompt_version),
        model: param('model', runs.model),
        openai_request_id: param('openai_request_id', runs.openai_request_id),
        latency_ms: param('latency_ms', runs.latency_ms),
        summary: param('summary', runs.summary),
        category: param('category', runs.category),
        reply_draft: param('reply_draft', runs.reply_draft),
      })
      .where(isOwnRun)
      .returning(COUNTED_COLUMNS)
      .prepare(),
    fail: db
      .update(runs)
      .set({
        ...ended,
        status: 'failed',
        error_code: param('code', runs.error_code),
        error_message: param('message', runs.error_message),
        retry_after_ms: param('retryAfterMs', runs.retry_after_ms),
        openai_request_id: param('openai_request_id', runs.openai_request_id),
      })
      .where(isOwnRun)
      .returning({ ...COUNTED_COLUMNS, ...SERIES_COLUMNS })
      .prepare(),
    release: db
      .update(runs)
      .set({ ...ended, status: 'abandoned' })
      .where(isOwnRun)
      .returning(SERIES_COLUMNS)
      .prepare(),

    /** For an owner that another process has fenced off: what its run has used counts all the same. */
    addLateUsage: db
      .update(runs)
      .set({ ...usage, lease_owner: null })
      .where(and(isRunOfTicket, eq(runs.number, NUMBER), eq(runs.lease_owner, OWNER), eq(runs.status, 'abandoned')))
      .prepare(),

    addBatchCost: db
      .update(batches)
      .set({ cost_usd: sql`coalesce(${batches.cost_usd}, 0) + ${sql.placeholder('cost')}` })
      .where(eq(batches.id, sql.placeholder('batchId')))
      .prepare(),
    clearBatch: db
      .update(runs)
      .set({ batch_id: null })
      .where(eq(runs.id, sql.placeholder('id')))
      .prepare(),

    markProcessing: db.update(tickets).set({ status: 'processing' }).where(isTicket).prepare(),
    markDone: db
      .update(tickets)
      .set({ status: 'done', category: param('category', tickets.category) })
      .where(isTicket)
      .prepare(),
    setSearchSummary: db
      .update(ticketSearch)
      .set({ summary: param('summary', ticketSearch.summary) })
      .where(eq(ticketSearch.ticket_id, TICKET_ID))
      .prepare(),
    markRenewed: db
      .update(tickets)
      .set({ status: 'processing' })
      .where(and(isInList(tickets.id), ne(tickets.status, 'processing')))
      .prepare(),
    restoreTicketStatus: db.update(tickets).set({ status: restoredStatus }).where(isTicket).prepare(),
    findOrphan: db.select({ id: tickets.id }).from(tickets).where(isOrphan).limit(1).prepare(),
    restoreOrphans: db.update(tickets).set({ status: restoredStatus }).where(isOrphan).prepare(),
  };
}
