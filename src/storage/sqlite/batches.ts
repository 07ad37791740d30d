import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { toBatch as countBatch, reviveDates } from '../batch-counts.ts';
import type { BatchChunk, BatchRepository, IdempotencyKey, NewBatch } from '../types.ts';
import { prepareBatchStatements } from './batch-statements.ts';
import { read } from './errors.ts';
import type { batches } from './schema.ts';
import type { SharedStatements } from './statements.ts';
import type { WriteBatcher } from './write-batcher.ts';

type BatchRow = typeof batches.$inferSelect;

/** How long a key is remembered. */
const KEY_TTL = '-1 day';

export function createBatchRepository(
  db: BetterSQLite3Database,
  { runs: runStatements, insertQueuedRun }: SharedStatements,
  { write }: WriteBatcher,
): BatchRepository {
  const statements = { ...runStatements, ...prepareBatchStatements(db) };

  const countRuns = ({ id, finished_at }: BatchRow) => (finished_at === null ? statements.countRuns.all({ id }) : []);
  const toBatch = (row: BatchRow) => countBatch(row, countRuns(row));

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
    insertQueuedRun({ ticketId, number: (newest?.number ?? 0) + 1, backgroundRun: 1, delayMs: 0, batchId });
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
    const { queued, running, succeeded, failed, skipped, cost_usd } = toBatch(row);
    if (queued > 0 || running > 0) return false;
    statements.finish.run({ id, succeeded, failed, skipped, cost_usd });
    return true;
  }

  return {
    create: (batch, key) => write(() => create(batch, key), JSON.stringify(batch.definition).length),

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
