import type { Result } from '../../schemas/result.ts';
import type { Run } from '../../schemas/run.ts';
import type { RunOrigin } from './runs.ts';

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
