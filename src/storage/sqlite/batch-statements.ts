import { and, count, desc, eq, exists, inArray, isNull, lt, sql, sum } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { batches, results, runs, tickets } from './schema.ts';

const ID = sql.placeholder('id');
const isBatch = eq(batches.id, ID);
const NOW = sql`CURRENT_TIMESTAMP`;

/** The statements of batches.ts. */
export function prepareBatchStatements(db: BetterSQLite3Database) {
  const isKey = and(
    eq(batches.client, sql.placeholder('client')),
    eq(batches.idempotency_key, sql.placeholder('idempotencyKey')),
  );
  const isRunOfBatch = eq(runs.batch_id, ID);
  const hasResult = exists(db.select().from(results).where(eq(results.ticket_id, tickets.id)));
  /** Interrupted background runs and those that made no call have not changed the status. */
  const failedRun = db
    .select()
    .from(runs)
    .where(
      and(
        eq(runs.ticket_id, tickets.id),
        sql`(${runs.background_run} is null or (${runs.status} = 'failed' and ${runs.attempts} > 0))`,
      ),
    );
  const newestQueued = db
    .select({ id: runs.id })
    .from(runs)
    .where(and(isRunOfBatch, eq(runs.status, 'queued'), isNull(runs.cost_usd))) // they have no cost: for the index's order
    .orderBy(desc(runs.id)) // from the end, where no server takes runs
    .limit(sql.placeholder('limit'));

  return {
    findTicketId: db
      .select({ id: tickets.id })
      .from(tickets)
      .where(eq(tickets.id, sql.placeholder('ticketId')))
      .prepare(),
    insert: db
      .insert(batches)
      .values({
        definition: sql.placeholder('definition'),
        force: sql.placeholder('force'),
        total: sql.placeholder('total'),
        client: sql.placeholder('client'),
        idempotency_key: sql.placeholder('idempotencyKey'),
        request_hash: sql.placeholder('requestHash'),
      })
      .returning()
      .prepare(),
    find: db.select().from(batches).where(isBatch).prepare(),
    findByKey: db.select().from(batches).where(isKey).prepare(),
    expireKey: db
      .update(batches)
      .set({ idempotency_key: null })
      .where(and(isKey, lt(batches.created_at, sql`datetime('now', ${sql.placeholder('ttl')})`)))
      .prepare(),
    list: db
      .select()
      .from(batches)
      .where(lt(batches.id, sql.placeholder('before')))
      .orderBy(desc(batches.id))
      .limit(sql.placeholder('limit'))
      .prepare(),
    findOpen: db.select().from(batches).where(sql`finished_at is null`).orderBy(batches.id).prepare(),
    advance: db
      .update(batches)
      .set({
        cursor: sql`${sql.param(sql.placeholder('cursor'), batches.cursor)}`,
        expanded: sql`${sql.placeholder('expanded')}`,
        skipped: sql`${sql.placeholder('skipped')}`,
        total: sql`${sql.placeholder('total')}`,
        is_expanded: sql`${sql.param(sql.placeholder('isExpanded'), batches.is_expanded)}`,
      })
      .where(isBatch)
      .prepare(),
    cancel: db
      .update(batches)
      .set({ is_expanded: true, is_cancelled: true })
      .where(and(isBatch, isNull(batches.finished_at)))
      .prepare(),
    finish: db
      .update(batches)
      .set({
        finished_at: NOW,
        definition: null,
        succeeded: sql`${sql.placeholder('succeeded')}`,
        failed: sql`${sql.placeholder('failed')}`,
        skipped: sql`${sql.placeholder('skipped')}`,
        cost_usd: sql`${sql.placeholder('cost_usd')}`,
      })
      .where(isBatch)
      .prepare(),

    countRuns: db
      .select({ status: runs.status, count: count(), cost: sum(runs.cost_usd).mapWith(Number) })
      .from(runs)
      .where(isRunOfBatch)
      .groupBy(runs.status)
      .prepare(),
    findActive: db
      .select({ id: runs.id })
      .from(runs)
      .where(and(isRunOfBatch, inArray(runs.status, ['queued', 'running'])))
      .limit(1)
      .prepare(),
    cancelQueued: db
      .update(runs)
      .set({ status: 'abandoned', finished_at: NOW })
      .where(inArray(runs.id, newestQueued))
      .returning({ ticketId: runs.ticket_id })
      .prepare(),
    /** The status before the run was queued. */
    restoreFormerStatus: db
      .update(tickets)
      .set({ status: sql`case when ${hasResult} then 'done' when ${exists(failedRun)} then 'failed' else 'new' end` })
      .where(eq(tickets.id, sql.placeholder('ticketId')))
      .prepare(),
  };
}
