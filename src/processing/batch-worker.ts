import { setTimeout as sleep } from 'node:timers/promises';
import type { BaseLogger } from 'pino';
import type { BatchChunk, BatchRepository, OpenBatch, TicketRepository } from '../storage/types.ts';
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
export interface BatchWorker {
  start(): void;
  /** Looks for batches at once. */
  wake(): void;
  /** Takes back all queued runs of a batch. */
  cancel(id: number): Promise<void>;
  stop(): Promise<void>;
}

export function createBatchWorker({ batches, tickets, queue, log }: BatchWorkerOptions): BatchWorker {
  const stopping = new AbortController();
  const { signal } = stopping;
  let wakeUp = new AbortController();
  let stopped = Promise.resolve();

  const pause = (ms: number) =>
    sleep(ms, undefined, { signal: AbortSignal.any([signal, wakeUp.signal]) }).catch(() => {});

  async function run(): Promise<void> {
    while (!signal.aborted) {
      wakeUp = new AbortController();
      const hasMore = await step().catch((err) => void log.error({ err }, 'batches could not be advanced'));
      await pause(hasMore ? PAUSE_MS : POLL_MS);
    }
  }

  /** Advances every open batch by a chunk; returns whether there is more to do at once. */
  async function step(): Promise<boolean> {
    let hasMore = false;
    for (const batch of await batches.findOpen()) {
      if (batch.isCancelled) await cancel(batch.id);
      if (batch.isExpanded) await finish(batch.id);
      else {
        await batches.enqueueChunk(batch.id, await nextChunk(batch));
        queue.wake();
        hasMore = true;
      }
    }
    return hasMore;
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

  async function finish(batchId: number): Promise<void> {
    if (await batches.finish(batchId)) log.info({ batchId }, 'batch finished');
  }

  async function cancel(id: number): Promise<void> {
    while ((await batches.cancelQueuedRuns(id, CHUNK_SIZE)) === CHUNK_SIZE) await sleep(PAUSE_MS);
  }

  return {
    start() {
      stopped = run();
    },
    wake: () => wakeUp.abort(),
    async cancel(id) {
      await cancel(id);
      await finish(id);
    },
    async stop() {
      stopping.abort();
      await stopped;
    },
  };
}
