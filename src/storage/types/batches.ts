import type { Batch } from '../../schemas/batch.ts';
import type { IdempotencyKey, TicketFilter, TicketPosition } from './tickets.ts';

/** The tickets of a batch: their ids, or the filter that they match. */
export type BatchDefinition = { ids: number[] } | { filter: TicketFilter };

/** Up to where the tickets of a batch have been queued: an index in `ids`, or a position in the list of tickets. */
export type BatchCursor = number | TicketPosition;

export interface NewBatch {
  definition: BatchDefinition;
  /** Also process tickets that have a result. */
  force: boolean;
  total: number;
}

/** A batch whose tickets are being queued or cancelled. */
export interface OpenBatch {
  id: number;
  definition: BatchDefinition;
  /** Null: at the beginning. */
  cursor: BatchCursor | null;
  isExpanded: boolean;
  isCancelled: boolean;
}

export interface BatchChunk {
  /** The cursor at which the chunk begins. If another process has moved it since, nothing happens. */
  from: BatchCursor | null;
  ticketIds: number[];
  /** Null: this is the last chunk. */
  next: BatchCursor | null;
}

/**
 * Batches of background runs. A batch is accepted as a definition. Any process then queues its tickets in chunks, so that
 * a large one needs no long transaction.
 */
export interface BatchRepository {
  /** Creates a batch, at most once per key within 24 hours. Undefined: the key was used with another request. */
  create(batch: NewBatch, key?: IdempotencyKey): Promise<{ batch: Batch; isReplay: boolean } | undefined>;
  findById(id: number): Promise<Batch | undefined>;
  /** Newest first. */
  list(page: { limit: number; before?: number | undefined }): Promise<Batch[]>;
  /** The oldest batches that are not finished. */
  findOpen(): Promise<OpenBatch[]>;
  /** Queues a run of each ticket of a chunk, unless it has an active run, or a result without `force`. */
  enqueueChunk(id: number, chunk: BatchChunk): Promise<void>;
  /** Queues no more tickets of a batch; returns false if there is no such batch. */
  cancel(id: number): Promise<boolean>;
  /** Cancels up to `limit` queued runs of a batch, which become `abandoned`; returns how many. */
  cancelQueuedRuns(id: number, limit: number): Promise<number>;
  /** Finishes a batch if all its tickets were checked and none is queued or running; returns whether it did. */
  finish(id: number): Promise<boolean>;
}
