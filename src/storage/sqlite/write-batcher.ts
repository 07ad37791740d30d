import type Database from 'better-sqlite3';
import type { StorageOptions } from '../types.ts';
import { createBatchExecutor, MAX_WRITES, type PendingWrite, type Settle, takeBatch } from './batch.ts';
import { toStorageError } from './errors.ts';

/** For how many event-loop ticks a batch may grow. */
const MAX_COLLECT_TICKS = 8;

/** How long a write waits for another process's lock, and how often it tries. */
const MAX_WAIT_MS = 2000;
const RETRY_MS = 50;

/** Commits concurrent writes in one transaction (group commit). All writes go through here. */
export interface WriteBatcher {
  /**
   * Runs a synchronous operation, completely or not at all, and resolves with its return value when it is on disk. The
   * operation may run twice: if another one of its batch fails, its changes are undone and made again.
   *
   * @param bytes approximate size of what is written
   * @throws what the operation threw, or AppError `storage_unavailable`.
   */
  write<T>(operation: () => T, bytes?: number): Promise<T>;
  /** Whether a lock or a storage error has delayed or prevented a write in the last `withinMs`. */
  wasBlockedWithin(withinMs: number): boolean;
  /** Whether a write has failed with `storage_unavailable` in the last `withinMs` and none has succeeded since. */
  hasFailedWithin(withinMs: number): boolean;
}

/**
 * A commit at `synchronous = FULL` waits for the disk, so one commit for many writes is faster. There is no timer: a
 * single write is committed in the next event-loop tick, and a batch grows only while each tick brings more writes.
 */
export function createWriteBatcher(
  sqlite: Database.Database,
  options: Pick<StorageOptions, 'onCommit'> = {},
): WriteBatcher {
  const { onCommit = () => {} } = options;
  const executeBatch = createBatchExecutor(sqlite);
  /** Whenever it is not empty, a call of `collectBatch` or `commitBatch` is scheduled. */
  let pending: PendingWrite[] = [];
  let blockedAt = Number.NEGATIVE_INFINITY;
  let failedAt = Number.NEGATIVE_INFINITY;

  function collectBatch(previousCount: number, tick: number): void {
    const hasGrown = pending.length > previousCount;
    const mayGrow = pending.length < MAX_WRITES && tick < MAX_COLLECT_TICKS;
    if (hasGrown && mayGrow) setImmediate(collectBatch, pending.length, tick + 1);
    else commitBatch();
  }

  function commitBatch(): void {
    const batch = takeBatch(pending);
    const start = performance.now();
    let settle: Settle[];
    try {
      settle = executeBatch(batch);
    } catch (error) {
      requeueUnexpired(batch, error);
      if (pending.length > 0) setTimeout(commitBatch, RETRY_MS);
      return;
    }
    if (pending.length > 0) setImmediate(commitBatch);
    failedAt = Number.NEGATIVE_INFINITY;
    onCommit(batch.length, (performance.now() - start) / 1000);
    for (const settleOne of settle) settleOne();
  }

  /** Writes that waited for a lock and still have time try again; the others are rejected. */
  function requeueUnexpired(batch: PendingWrite[], error: unknown): void {
    const isLocked = (error as { code?: unknown }).code === 'SQLITE_BUSY';
    const now = performance.now();
    const isUnexpired = ({ enqueuedAt }: PendingWrite) => isLocked && now - enqueuedAt < MAX_WAIT_MS;
    if (isLocked) blockedAt = now;
    pending = [...batch.filter(isUnexpired), ...pending];
    for (const write of batch) if (!isUnexpired(write)) write.reject(error);
  }

  function recordStorageError(error: unknown): unknown {
    const reason = toStorageError(error);
    if (reason !== error) {
      blockedAt = performance.now();
      failedAt = blockedAt;
    }
    return reason;
  }

  return {
    wasBlockedWithin: (withinMs) => performance.now() - blockedAt < withinMs,
    hasFailedWithin: (withinMs) => performance.now() - failedAt < withinMs,

    write: <T>(operation: () => T, bytes = 0) =>
      new Promise<T>((resolve, reject) => {
        pending.push({
          operation,
          enqueuedAt: performance.now(),
          bytes,
          resolve: resolve as PendingWrite['resolve'],
          reject: (error) => reject(recordStorageError(error)),
        });
        if (pending.length === 1) setImmediate(collectBatch, 0, 1);
      }),
  };
}
