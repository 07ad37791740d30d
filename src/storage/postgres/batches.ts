import { reviveDates, toBatch } from '../batch-counts.ts';
import type { BatchCursor, BatchRepository, IdempotencyKey, NewBatch } from '../types.ts';
import { prepareBatchStatements } from './batch-statements.ts';
import type { Connections } from './connections.ts';
import { isUniqueViolation } from './errors.ts';
import { untilDecided } from './until-decided.ts';
import type { Writer } from './writer.ts';

const NO_KEY = { client: null, key: null, requestHash: null };

export function createBatchRepository(connections: Connections, { write }: Pick<Writer, 'write'>): BatchRepository {
  const statements = prepareBatchStatements(connections);

  async function findById(id: number) {
    const [found] = await statements.find.execute({ id });
    return found && toBatch(found.row, found.runs);
  }

  async function create(batch: NewBatch, key: IdempotencyKey | typeof NO_KEY) {
    const [row] = await write(() => statements.insert.execute({ ...batch, ...key }));
    return { batch: toBatch(row as NonNullable<typeof row>, []), isReplay: false };
  }

  /** Returns null if the key was used with another request, and undefined if another process has just used it. */
  async function tryToCreateOnce(batch: NewBatch, key: IdempotencyKey) {
    const [known] = await statements.findByKey.execute({ ...key });
    if (known) {
      const isSame = known.row.request_hash === key.requestHash;
      return isSame ? { batch: toBatch(known.row, known.runs), isReplay: true } : null;
    }
    await write(() => statements.expireKey.execute({ ...key }));
    try {
      return await create(batch, key);
    } catch (error) {
      if (!isUniqueViolation(error, 'batches_idempotency_key')) throw error;
      return undefined;
    }
  }

  return {
    async create(batch, key) {
      if (!key) return create(batch, NO_KEY);
      return (await untilDecided(() => tryToCreateOnce(batch, key))) ?? undefined;
    },

    findById,

    async list({ limit, before = Number.MAX_SAFE_INTEGER }) {
      const found = await statements.list.execute({ limit, before });
      return found.map(({ row, runs }) => toBatch(row, runs));
    },

    async findOpen() {
      const rows = await statements.findOpen.execute();
      return rows.map(({ id, definition, cursor, is_expanded, is_cancelled }) => ({
        id,
        definition: reviveDates(definition ?? { ids: [] }),
        cursor,
        isExpanded: is_expanded,
        isCancelled: is_cancelled,
      }));
    },

    async enqueueChunk(id, { from, ticketIds, next }) {
      const cursors = { from: toJson(from), next: toJson(next) };
      await write(() => statements.enqueueChunk.execute({ id, ticketIds, ...cursors }), ticketIds.length);
    },

    async cancel(id) {
      await write(() => statements.cancel.execute({ id }));
      return (await findById(id)) !== undefined;
    },

    async cancelQueuedRuns(id, limit) {
      const cancelled = await write(() => statements.cancelQueued.execute({ id, limit }));
      return cancelled.length;
    },

    async finish(id) {
      // Nothing can change the counts any more.
      const [ended] = await statements.findEnded.execute({ id });
      if (!ended) return false;
      const { succeeded, failed, skipped, cost_usd } = toBatch(ended.row, ended.runs);
      const finished = await write(() => statements.finish.execute({ id, succeeded, failed, skipped, cost_usd }));
      return finished.length > 0;
    },
  };
}

const toJson = (cursor: BatchCursor | null) => (cursor === null ? null : JSON.stringify(cursor));
