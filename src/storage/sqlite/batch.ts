import type Database from 'better-sqlite3';

/** Limits of a batch. They let requests be read between two batches. */
export const MAX_WRITES = 1000;
const MAX_BYTES = 8 * 1024 * 1024;

export interface PendingWrite {
  operation: () => unknown;
  /** In the time of `performance.now()`. */
  enqueuedAt: number;
  bytes: number;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** Resolves or rejects a write; to be called after the commit. */
export type Settle = () => void;

/** Removes the first writes from a list, up to the limits of a batch but at least one. */
export function takeBatch(pending: PendingWrite[]): PendingWrite[] {
  let bytes = 0;
  const end = pending.findIndex((write, i) => {
    bytes += write.bytes;
    return i > 0 && (i >= MAX_WRITES || bytes > MAX_BYTES);
  });
  return pending.splice(0, end === -1 ? pending.length : end);
}

/**
 * Returns a function that executes a batch in one transaction and throws only if nothing of it is committed.
 *
 * The driver's `transaction` wraps a function in BEGIN and COMMIT, or in a savepoint if a transaction is already open.
 * If the function throws, its changes are rolled back.
 */
export function createBatchExecutor(sqlite: Database.Database): (batch: PendingWrite[]) => Settle[] {
  const executeTogether = sqlite.transaction((batch: PendingWrite[]): Settle[] =>
    batch.map(({ operation, resolve }) => {
      const value = operation();
      return () => resolve(value);
    }),
  );

  const executeOperation = sqlite.transaction((operation: PendingWrite['operation']) => operation());

  function executeOne({ operation, resolve, reject }: PendingWrite): Settle {
    try {
      const value = executeOperation(operation);
      return () => resolve(value);
    } catch (error) {
      if (!sqlite.inTransaction) throw error;
      return () => reject(error);
    }
  }

  const executeBatch = sqlite.transaction((batch: PendingWrite[]): Settle[] => {
    try {
      return executeTogether(batch);
    } catch (error) {
      // Some errors, such as a full disk, make SQLite roll back the whole transaction.
      if (!sqlite.inTransaction) throw error;
      return batch.map(executeOne); // now only the write that threw fails
    }
  });

  return executeBatch.immediate;
}
