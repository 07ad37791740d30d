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

import type { BatchRepository } from './types/batches.ts';
import type { QueueRepository } from './types/queue.ts';
import type { RunRepository } from './types/runs.ts';
import type { ResultRepository, TicketRepository } from './types/tickets.ts';
import type { UsageRepository } from './types/usage.ts';

export type * from './types/batches.ts';
export type * from './types/queue.ts';
export type * from './types/runs.ts';
export type * from './types/tickets.ts';
export type * from './types/usage.ts';

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
