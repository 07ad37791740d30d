import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { Batch } from '../../schemas/batch.ts';
import type { Run } from '../../schemas/run.ts';
import type { BatchChunk, BatchDefinition, BatchRepository, IdempotencyKey, NewBatch } from '../types.ts';
import { prepareBatchStatements } from './batch-statements.ts';
import { createRunEnqueuer } from './enqueue.ts';
import { read } from './errors.ts';
import { prepareRunStatements } from './run-statements.ts';
import type { batches } from './schema.ts';
import type { WriteBatcher } from './write-batcher.ts';

type BatchRow = typeof batches.$inferSelect;

/** How long a key is remembered. */
const KEY_TTL = '-1 day';

export function createBatchRepository(db: BetterSQLite3Database, { write }: WriteBatcher): BatchRepository {
  const statements = { ...prepareRunStatements(db), ...prepareBatchStatements(db) };
  const insertQueued = createRunEnqueuer(db);

  /** The batch as clients see it: a finished one has its counts in its row. */
  function toBatch(row: BatchRow): Batch {
    const { id, created_at, finished_at, total, succeeded, failed, skipped, cost_usd } = row;
    const counts =
      finished_at === null ? countRuns(row) : { queued: 0, running: 0, succeeded, failed, skipped, cost_usd };
    return { id, created_at, finished_at, total, ...counts };
  }

  function countRuns({ id, total, skipped, cost_usd, is_expanded }: BatchRow) {
    const rows = statements.countRuns.all({ id });
    const count = (status: Run['status']) => rows.find((row) => row.status === status)?.count ?? 0;
    const [queued, running, succeeded, failed] = [
      count('queued'),
      count('running'),
      count('succeeded'),
      count('failed'),
    ];
    const costs = [cost_usd, ...rows.map(({ cost }) => cost)].filter((cost) => cost !== null);
    const others = total - running - succeeded - failed;
    return {
      // Until all tickets have been looked at, those that remain count as queued; then those without a run as skipped.
      queued: is_expanded ? queued : Math.max(0, others - skipped),
      running,
      succeeded,
      failed,
      skipped: is_expanded ? Math.max(0, others - queued) : skipped,
      cost_usd: costs.length > 0 ? costs.reduce((sum, cost) => sum + cost, 0) : null,
    };
  }

  function create({ definition, force, total }: NewBatch, key?: IdempotencyKey) {
    const { client = null, key: idempotencyKey = null, requestHash = null } = key ?? {};
    if (key) {
      statements.expireKey.run({ client, idempotencyKey, ttl: KEY_TTL });
      const known = statements.findByKey.get({ client, idempotencyKey });
      if (known && known.request_hash !== requestHash) return undefined;
      if (known) return { batch: toBatch(known), isReplay: true };
    }
    const row = statements.insert.get({ definition, force, total, client, idempotencyKey, requestHash });
    return { batch: toBatch(row), isReplay: false };
  }

  /** Queues the ticket's next run, if there is a reason for one. */
  function enqueue(ticketId: number, { id: batchId, force }: BatchRow): boolean {
    if (!statements.findTicketId.get({ ticketId })) return false;
    const newest = statements.findNewest.get({ ticketId });
    if (newest?.status === 'queued' || newest?.status === 'running') return false;
    if (!force && statements.findResult.get({ ticketId })) return false;
    insertQueued({ ticketId, number: (newest?.number ?? 0) + 1, backgroundRun: 1, delayMs: 0, batchId });
    statements.markProcessing.run({ ticketId });
    return true;
  }

  function enqueueChunk(id: number, { from, ticketIds, next }: BatchChunk): void {
    const row = statements.find.get({ id });
    const isMoved = JSON.stringify(row?.cursor) !== JSON.stringify(from);
    if (!row || row.is_expanded || isMoved) return;
    const queued = ticketIds.filter((ticketId) => enqueue(ticketId, row)).length;
    const expanded = row.expanded + ticketIds.length;
    statements.advance.run({
      id,
      cursor: next,
      expanded,
      skipped: row.skipped + ticketIds.length - queued,
      total: Math.max(row.total, expanded), // tickets may have come to match since the batch was created
      isExpanded: next === null,
    });
  }

  function finish(id: number): boolean {
    const row = statements.find.get({ id });
    if (!row?.is_expanded || row.finished_at !== null) return false;
    const { queued, running, ...counts } = countRuns(row);
    if (queued > 0 || running > 0) return false;
    statements.finish.run({ id, ...counts });
    return true;
  }

  return {
    create: (batch, key) => write(() => create(batch, key), 10 * batch.total),

    findById: (id) =>
      read(() => {
        const row = statements.find.get({ id });
        return row && toBatch(row);
      }),

    list: ({ limit, before = Number.MAX_SAFE_INTEGER }) =>
      read(() => statements.list.all({ limit, before }).map(toBatch)),

    findOpen: () =>
      read(() =>
        statements.findOpen.all().map(({ id, definition, cursor, is_expanded, is_cancelled }) => ({
          id,
          definition: reviveDates(definition ?? { ids: [] }),
          cursor,
          isExpanded: is_expanded,
          isCancelled: is_cancelled,
        })),
      ),

    enqueueChunk: (id, chunk) => write(() => enqueueChunk(id, chunk)),

    cancel: (id) => write(() => statements.cancel.run({ id }).changes > 0 || statements.find.get({ id }) !== undefined),

    cancelQueuedRuns: (id, limit) =>
      write(() => {
        const cancelled = statements.cancelQueued.all({ id, limit });
        for (const { ticketId } of cancelled) statements.restoreFormerStatus.run({ ticketId });
        return cancelled.length;
      }),

    async finish(id) {
      if (await read(() => statements.findActive.get({ id }))) return false;
      return write(() => finish(id));
    },
  };
}

/** JSON has the dates of a filter as texts. */
function reviveDates(definition: BatchDefinition): BatchDefinition {
  if ('ids' in definition) return definition;
  const { createdAfter, createdBefore, ...filter } = definition.filter;
  return {
    filter: {
      ...filter,
      createdAfter: createdAfter && new Date(createdAfter),
      createdBefore: createdBefore && new Date(createdBefore),
    },
  };
}
