import type { ErrorCode } from '../../errors.ts';
import type { Result } from '../../schemas/result.ts';
import type { Run, RunUsage } from '../../schemas/run.ts';
import type { NewResult } from './tickets.ts';

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
  /** The stored result of a ticket that has no queued or running run. */
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
