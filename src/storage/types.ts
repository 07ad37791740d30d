/**
 * What the service needs from a database, in terms of its own business. Each folder beside this file implements it for
 * one database; `open.ts` chooses.
 *
 * - Run: one execution of the model for a ticket. Its number counts a ticket's runs and is the fencing token: a write
 *   with an old number is rejected.
 * - Claim: the exclusive right of one server process to execute a ticket's run.
 * - Lease: the time limit of a claim. The owner renews it by heartbeat; when it expires, another process may claim the
 *   next run.
 * - Background run: a run that was queued, whoever executes it. After a transient failure or an interruption, a new run is
 *   queued after it. These runs are a series.
 */
import type { ErrorCode } from '../errors.ts';
import type { Batch } from '../schemas/batch.ts';
import type { Category, Result } from '../schemas/result.ts';
import type { Run, RunUsage } from '../schemas/run.ts';
import type { NewTicket, Ticket } from '../schemas/ticket.ts';
import type { TicketListEntry, TicketOrder } from '../schemas/ticket-list.ts';
import type { UsageGroup, UsageGroupName, UsageTotal } from '../schemas/usage.ts';

/** Without a heartbeat for so long, a process loses its claims. */
export const LEASE_MS = 10_000;

export interface StorageOptions {
  leaseMs?: number;
  /** Called after each commit with the number of its writes and its duration. */
  onCommit?: ((writes: number, seconds: number) => void) | undefined;
  /** PostgreSQL: most connections for transactions. */
  poolSize?: number;
  /** PostgreSQL: false for a PgBouncer that does not know prepared statements. */
  usePreparedStatements?: boolean;
}

/**
 * Every method rejects with AppError `storage_unavailable` while the database cannot be used, for example because the
 * disk is full, the file is locked or a page is damaged.
 */
export interface Storage {
  /** Names of the migrations that opening this storage has applied. */
  appliedMigrations: string[];
  tickets: TicketRepository;
  results: ResultRepository;
  runs: RunRepository;
  queuedRuns: QueueRepository;
  batches: BatchRepository;
  usage: UsageRepository;
  /** The check that fails now; undefined if the storage can be read and no write has failed lately. Writes nothing. */
  checkReadiness(): Promise<'database_read' | 'database_write' | undefined>;
  close(): Promise<void>;
}

export interface TicketRepository {
  create(ticket: NewTicket, options?: CreateOptions): Promise<Ticket>;
  /**
   * Creates a ticket at most once per key, within 24 hours. Undefined: the key was used with another request.
   */
  createOnce(
    ticket: NewTicket,
    key: IdempotencyKey,
    options?: CreateOptions,
  ): Promise<{ ticket: Ticket; isReplay: boolean } | undefined>;
  /**
   * Deletes a ticket with its result, runs and keys; returns false if there is no such ticket. A run under way is fenced
   * off. The usage reports keep what its ended runs have used.
   */
  delete(id: number): Promise<boolean>;
  /** The same for at most `limit` tickets that were created before a point in time; returns how many. */
  deleteCreatedBefore(time: Date, limit: number): Promise<number>;
  findById(id: number): Promise<Ticket | undefined>;
  /** Rejects with AppError `overloaded` if too many searches wait. */
  list(query: TicketListQuery): Promise<TicketListPage>;
  /** Number of tickets that match. */
  count(filter: TicketFilter): Promise<number>;
  /** Number of tickets per status. May be cached for a while when counting is slow. */
  countByStatus(): Promise<Record<Ticket['status'], number>>;
}

export interface CreateOptions {
  /** Queue a background run in the same transaction. Default: false. */
  enqueue?: boolean;
}

/** A ticket matches if each given property does; a list matches if it has the ticket's value. */
export interface TicketFilter {
  status?: Ticket['status'][] | undefined;
  /** Of the stored result. */
  category?: Category[] | undefined;
  source?: string[] | undefined;
  /** Inclusive. */
  createdAfter?: Date | undefined;
  /** Exclusive. */
  createdBefore?: Date | undefined;
  /** Part of the text or of the stored summary, in upper or lower case. */
  q?: string | undefined;
}

/** Place of a ticket in the list, which is in the order of creation time and id. */
export type TicketPosition = Pick<Ticket, 'created_at' | 'id'>;

export interface TicketListQuery {
  filter: TicketFilter;
  order: TicketOrder;
  limit: number;
  /** The page starts after this position. */
  after?: TicketPosition | undefined;
}

export interface TicketListPage {
  /** With `q`, a page may have fewer entries than the limit, or none, although there are more. */
  data: TicketListEntry[];
  /** Where the next page starts; undefined on the last page. */
  next: TicketPosition | undefined;
}

/** An `Idempotency-Key` in the namespace of an API key's name (empty without one). */
export interface IdempotencyKey {
  client: string;
  key: string;
  /** Hash of the request's fields. */
  requestHash: string;
}

export interface ResultRepository {
  findByTicketId(ticketId: number): Promise<Result | undefined>;
}

/** A result before it is stored. */
export type NewResult = Omit<Result, 'id' | 'created_at'>;

/** Why a run failed, stored for the requests that wait for it in other processes. */
export interface RunFailure {
  code: ErrorCode;
  message: string;
  openai_request_id?: string | undefined;
  retryAfterMs?: number | undefined;
}

/** What a run is made with, known when it is claimed. `model` is the configured one. */
export type RunOrigin = Pick<Run, 'prompt_version' | 'provider' | 'model'>;

export interface ClaimOptions {
  /** Claim a run although a result is stored. */
  force: boolean;
  /** False: nothing is claimed, and the answer is `unclaimed` where a run could have been. */
  claim: boolean;
  origin: RunOrigin;
  /** Claims nothing if the runs that started today (UTC) have cost as much. Undefined: no limit. */
  dailyBudgetUsd?: number | undefined;
}

/** A page of a ticket's runs, newest first. */
export interface RunPage {
  limit: number;
  /** Only runs with a lower number. */
  before?: number | undefined;
}

/**
 * Result of trying to claim a run. `wasReclaimed`: the previous owner's lease had expired. `backgroundRun`: see
 * `ClaimedRun`.
 */
export type ClaimResult =
  | { state: 'claimed'; run: number; text: string; backgroundRun?: number | undefined; wasReclaimed: boolean }
  | { state: 'running'; run: number }
  | { state: 'stored'; result: Result }
  | { state: 'unclaimed' }
  | { state: 'budget_exhausted' }
  | { state: 'ticket_not_found' };

/**
 * State of a run that another process had claimed. `queued`: it waits for a free slot. `released`: its owner gave it up,
 * or its lease has expired.
 */
export type RunState =
  | { state: 'running'; run: number }
  | { state: 'stored'; result: Result }
  | { state: 'failed'; failure: RunFailure }
  | { state: 'queued' }
  | { state: 'released' };

/** The run that follows a background run. */
export interface NextRun {
  /** Its number in the series. */
  backgroundRun: number;
  delayMs: number;
}

/** The runs of all processes on one database: at most one per ticket at a time. */
export interface RunRepository {
  /** The stored result of a ticket that has no run under way. */
  findCachedResult(ticketId: number): Promise<Result | undefined>;
  /**
   * Claims the ticket's queued run, or its next one unless one is under way, or a result is stored and `force` is not
   * set. A run whose lease has expired becomes `abandoned` in the same transaction.
   */
  claimRun(ticketId: number, options: ClaimOptions): Promise<ClaimResult>;
  /** Whether the runs that started today (UTC) have cost as much: `claimRun` then answers `budget_exhausted`. */
  isBudgetExhausted(dailyBudgetUsd: number): Promise<boolean>;
  /** Renews the leases of this process's runs; returns the ids of the tickets whose run it still owns. */
  renewLeases(ticketIds: number[]): Promise<number[]>;
  /** Stores the ticket's one result, overwriting an older one, and ends the run; undefined: the lease was lost. */
  completeRun(run: number, result: NewResult, usage: RunUsage): Promise<Result | undefined>;
  /**
   * Ends a run with a failure; returns false if the lease was lost. An older result stays as it is.
   *
   * @param nextRun to be queued if this was a background run; undefined: the failure is final
   */
  failRun(ticketId: number, run: number, failure: RunFailure, usage: RunUsage, nextRun?: NextRun): Promise<boolean>;
  /**
   * Ends a run without an outcome: the next one can be claimed at once, and is queued after a background run. Returns
   * false if the lease was lost.
   */
  releaseRun(ticketId: number, run: number, usage: RunUsage): Promise<boolean>;
  getRunState(ticketId: number, run: number): Promise<RunState>;
  /**
   * Marks runs whose lease has expired as abandoned. Queues the next run after a background run, and corrects the status
   * of the tickets of other runs.
   */
  recoverExpiredRuns(): Promise<void>;
  /** Undefined if there is no such ticket. */
  listRuns(ticketId: number, page: RunPage): Promise<Run[] | undefined>;
  findRun(ticketId: number, number: number): Promise<Run | undefined>;
}

/** A run that this process has claimed. */
export interface ClaimedRun {
  ticketId: number;
  /** The run's number. */
  run: number;
  /** The ticket's text. */
  text: string;
  /** The run's number in its series; undefined if it was not queued. `enqueueRun` may make it the first of one. */
  backgroundRun?: number | undefined;
}

/** `run`: the ticket's active run, which may have been queued or started before. */
export type EnqueueResult =
  | { state: 'queued'; run: Run }
  | { state: 'stored'; result: Result }
  | { state: 'ticket_not_found' };

export interface QueueClaimOptions {
  /** Maximum number of runs. */
  limit: number;
  origin: RunOrigin;
  /** As in `ClaimOptions`. */
  dailyBudgetUsd?: number | undefined;
}

export type QueueClaimResult = { state: 'claimed'; runs: ClaimedRun[] } | { state: 'budget_exhausted' };

/** The queued runs of all processes on one database. */
export interface QueueRepository {
  /**
   * Queues a background run of the ticket, unless a result is stored and `force` is not set. If a run is active, it
   * becomes a background run.
   */
  enqueueRun(ticketId: number, options: { force: boolean }): Promise<EnqueueResult>;
  /** Claims the oldest queued runs that may start. */
  claimQueuedRuns(options: QueueClaimOptions): Promise<QueueClaimResult>;
  /** Number of queued runs. */
  count(): Promise<number>;
  /** For how long the oldest queued run has been allowed to start; 0 if there is none. */
  oldestAgeMs(): Promise<number>;
}

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

/** A range of UTC dates (`2026-02-17`), inclusive. */
export interface UsageQuery {
  from: string;
  to: string;
  groupBy: UsageGroupName;
}

export interface UsageRepository {
  report(query: UsageQuery): Promise<{ data: UsageGroup[]; total: UsageTotal }>;
  /** Known cost in US dollars of the runs that started on a UTC date and have ended. */
  costOfDay(day: string): Promise<number>;
}

/** The usage of a database that servers may have open. */
export interface UsageReader {
  usage: UsageRepository;
  close(): Promise<void>;
}
