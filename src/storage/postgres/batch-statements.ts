import { and, desc, eq, getTableColumns, isNull, lt, sql } from 'drizzle-orm';
import type { RunCount } from '../batch-counts.ts';
import type { BatchDefinition } from '../types.ts';
import type { Connections } from './connections.ts';
import { createEnqueueParts } from './enqueue.ts';
import { batches, NOW, tickets } from './schema.ts';

const ID = sql`${sql.placeholder('id')}::bigint`;
const isBatch = sql`batches.id = ${ID}`;
const isOpen = isNull(batches.finished_at);
const KEY_TTL = sql`interval '24 hours'`;

/** The statements of batches.ts. */
export function prepareBatchStatements({ reads, pool, slow }: Connections) {
  const isKey = and(eq(batches.client, sql.placeholder('client')), eq(batches.idempotency_key, sql.placeholder('key')));
  const isActive = sql`exists (
    select from runs where runs.batch_id = batches.id and runs.status in ('queued', 'running'))`;
  /** A batch with its runs by status, which are not counted for a finished one. */
  const select = () => {
    const runs = sql<RunCount[]>`(
      select coalesce(json_agg(counted), '[]') from (
        select status, count(*) as count, sum(cost_usd) as cost from runs
        where runs.batch_id = batches.id and batches.finished_at is null
        group by status) as counted)`;
    return slow.select({ row: getTableColumns(batches), runs }).from(batches); // a batch may have many runs
  };
  return {
    find: select().where(isBatch).prepare('find_batch'),
    findByKey: select()
      .where(and(isKey, sql`batches.created_at >= now() - ${KEY_TTL}`))
      .prepare('find_batch_by_key'),
    list: select()
      .where(lt(batches.id, sql`${sql.placeholder('before')}::bigint`))
      .orderBy(desc(batches.id))
      .limit(sql.placeholder('limit'))
      .prepare('list_batches'),
    findOpen: reads
      .select({
        id: batches.id,
        // It may be large, and is not needed any more when all tickets were queued.
        definition: sql<BatchDefinition | null>`case when not is_expanded then definition end`,
        cursor: batches.cursor,
        is_expanded: batches.is_expanded,
        is_cancelled: batches.is_cancelled,
      })
      .from(batches)
      .where(isOpen)
      .orderBy(batches.id)
      .prepare('find_open_batches'),
    findEnded: select()
      .where(and(isBatch, isOpen, batches.is_expanded, sql`not ${isActive}`))
      .prepare('find_ended_batch'),
    insert: pool
      .insert(batches)
      .values({
        definition: sql.placeholder('definition'),
        force: sql.placeholder('force'),
        total: sql.placeholder('total'),
        client: sql.placeholder('client'),
        idempotency_key: sql.placeholder('key'),
        request_hash: sql.placeholder('requestHash'),
      })
      .returning()
      .prepare('insert_batch'),
    expireKey: pool
      .update(batches)
      .set({ idempotency_key: null })
      .where(and(isKey, sql`batches.created_at < now() - ${KEY_TTL}`))
      .prepare('expire_batch_key'),
    enqueueChunk: prepareEnqueueChunk(pool),
    cancel: pool
      .update(batches)
      .set({ is_expanded: true, is_cancelled: true })
      .where(and(isBatch, isOpen))
      .prepare('cancel_batch'),
    cancelQueued: prepareCancelQueued(pool),
    finish: pool
      .update(batches)
      .set({
        finished_at: NOW,
        definition: null,
        succeeded: sql`${sql.placeholder('succeeded')}`,
        failed: sql`${sql.placeholder('failed')}`,
        skipped: sql`${sql.placeholder('skipped')}`,
        cost_usd: sql`${sql.placeholder('cost_usd')}`,
      })
      .where(and(isBatch, isOpen))
      .returning({ id: batches.id })
      .prepare('finish_batch'),
  };
}

/** Queues the tickets of a chunk, unless another process has moved the batch's cursor. */
function prepareEnqueueChunk(pool: Connections['pool']) {
  const ticketIds = sql`${sql.placeholder('ticketIds')}::bigint[]`;
  const next = sql`${sql.placeholder('next')}::json`;
  const size = sql`cardinality(${ticketIds})`;
  const parts = createEnqueueParts(pool, ticketIds);
  // Locked after the tickets, as at the end of a run, so that the two cannot deadlock.
  const batch = pool.$with('batch', {}).as(sql`
    select id, force from batches
    where ${isBatch} and not is_expanded and cursor::text is not distinct from ${sql.placeholder('from')}::text
      and (select count(*) from ticket) is not null
    for no key update`);
  const input = pool.$with('input', {}).as(sql`
    select ticket_id, position, force, batch.id as batch_id
    from batch cross join unnest(${ticketIds}) with ordinality as chunk (ticket_id, position)`);
  return pool
    .with(parts.ticket, batch, input, parts.candidate, parts.fenced, parts.queued, parts.marked)
    .update(batches)
    .set({
      cursor: next,
      expanded: sql`expanded + ${size}`,
      skipped: sql`skipped + ${size} - (select count(*) from queued)`,
      total: sql`greatest(total, expanded + ${size})`, // tickets may have come to match since the batch was created
      is_expanded: sql`${next} is null`,
    })
    .from(sql`batch`)
    .where(sql`${batches.id} = batch.id`)
    .prepare('enqueue_batch_chunk');
}

/** Cancels the newest queued runs of a batch, which are not about to be claimed. A locked row is about to change. */
function prepareCancelQueued(pool: Connections['pool']) {
  const queued = pool.$with('queued', {}).as(sql`
    select runs.id, ticket_id from runs join tickets on tickets.id = ticket_id
    where batch_id = ${ID} and runs.status = 'queued'
    order by runs.id desc limit ${sql.placeholder('limit')} for no key update skip locked`);
  const cancelled = pool.$with('cancelled', {}).as(sql`
    update runs set status = 'abandoned', finished_at = ${NOW} from queued where runs.id = queued.id`);
  // Interrupted background runs and those that made no call have not changed the status.
  const hasFailed = sql`(background_run is null or (runs.status = 'failed' and attempts > 0))`;
  const formerStatus = sql<'done' | 'failed' | 'new'>`case
    when exists (select from results where results.ticket_id = tickets.id) then 'done'
    when exists (select from runs where runs.ticket_id = tickets.id and ${hasFailed}) then 'failed'
    else 'new' end`;
  return pool
    .with(queued, cancelled)
    .update(tickets)
    .set({ status: formerStatus })
    .from(sql`queued`)
    .where(sql`${tickets.id} = queued.ticket_id`)
    .returning({ id: tickets.id })
    .prepare('cancel_queued_runs');
}
