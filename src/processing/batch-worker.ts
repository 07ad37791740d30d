import type { BaseLogger } from 'pino';
import type { BatchChunk, BatchRepository, OpenBatch, TicketRepository } from '../storage/types.ts';
import { createFailureLog } from './failure-log.ts';
import { createPoller, type Poller } from './poller.ts';
import type { Queue } from './queue.ts';

/** Tickets that are queued or cancelled in one transaction, which blocks the process for some 20 ms. */
const CHUNK_SIZE = 100;
/** Between two chunks, so that requests do not wait for the whole batch. */
const PAUSE_MS = 10;
const POLL_MS = 500;

export interface BatchWorkerOptions {
  batches: BatchRepository;
  tickets: Pick<TicketRepository, 'list'>;
  queue: Pick<Queue, 'wake'>;
  log: Pick<BaseLogger, 'info' | 'error'>;
}

/** Queues the tickets of batches, and finishes the batches whose tickets are done. Every process has one. */
export interface BatchWorker extends Poller {
  /** Cancels the queued runs of a batch whose cancellation is stored: a chunk at once, the others in the background. */
  cancel(id: number): Promise<void>;
}

export function createBatchWorker({ batches, tickets, queue, log }: BatchWorkerOptions): BatchWorker {
  const logReadFailure = createFailureLog(log, 'open batches could not be read');
  const logAdvanceFailure = createFailureLog(log, 'batch could not be advanced');
  const poller = createPoller(async () => {
    const hasMore = await step().catch(logReadFailure);
    return hasMore ? PAUSE_MS : POLL_MS;
  });

  /** Advances every open batch by a chunk; returns whether there is more to do at once. */
  async function step(): Promise<boolean> {
    let hasMore = false;
    for (const batch of await batches.findOpen()) {
      const advanced = advance(batch).catch((err) => {
        logAdvanceFailure(err, { batchId: batch.id });
        return false;
      });
      if (await advanced) hasMore = true;
    }
    return hasMore;
  }

  /** Returns whether there is more to do at once. */
  async function advance(batch: OpenBatch): Promise<boolean> {
    if (batch.isCancelled) return cancelChunk(batch.id);
    if (batch.isExpanded) return finish(batch.id);
    await batches.enqueueChunk(batch.id, await nextChunk(batch));
    queue.wake();
    return true;
  }

  async function nextChunk({ definition, cursor }: OpenBatch): Promise<BatchChunk> {
    if ('ids' in definition) {
      const start = typeof cursor === 'number' ? cursor : 0;
      const end = start + CHUNK_SIZE;
      const next = end < definition.ids.length ? end : null;
      return { from: cursor, ticketIds: definition.ids.slice(start, end), next };
    }
    const after = typeof cursor === 'object' && cursor !== null ? cursor : undefined;
    const page = await tickets.list({ filter: definition.filter, order: 'oldest', limit: CHUNK_SIZE, after });
    return { from: cursor, ticketIds: page.data.map(({ id }) => id), next: page.next ?? null };
  }

  async function cancelChunk(id: number): Promise<boolean> {
    const cancelled = await batches.cancelQueuedRuns(id, CHUNK_SIZE);
    return cancelled === CHUNK_SIZE || finish(id);
  }

  async function finish(batchId: number): Promise<false> {
    if (await batches.finish(batchId)) log.info({ batchId }, 'batch finished');
    return false;
  }

  return {
    ...poller,
    async cancel(id) {
      if (await cancelChunk(id)) poller.wake();
    },
  };
}
