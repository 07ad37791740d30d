import type Database from 'better-sqlite3';
import { storageError } from './errors.ts';

/** Beyond these a batch is committed and the next one begun, so that reads get their turn. */
const MAX_WRITES = 1000;
const MAX_BYTES = 8 * 1024 * 1024;

/** For so many turns of the event loop a batch stays open, as long as each brings more writes. */
const MAX_TURNS = 8;

/** How long a write waits, in ms, for a lock that another process holds, and how often it looks whether that is gone. */
const MAX_WAIT_MS = 2000;
const RETRY_MS = 50;

interface Write {
  work: () => unknown;
  since: number;
  bytes: number;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

interface Hooks {
  /** Called in the turn of each commit. */
  beforeCommit?: () => void;
  /** Told of each commit: how many writes it had, and how many seconds they took together. */
  onCommit?: (writes: number, seconds: number) => void;
}

/** All writes of the service go through here. */
export interface WriteBatcher {
  /**
   * Runs `work`, whole or not at all, and resolves with what it returned once that is on disk. It must be synchronous, and
   * may be run twice: what a neighbour's failure undid is done again.
   *
   * @param bytes about how much it writes
   * @throws what `work` threw, or AppError `storage_unavailable` if the file is locked, or the disk full or broken
   */
  write<T>(work: () => T, bytes?: number): Promise<T>;
  /** Whether a lock, or a disk that is full or broken, has held writes up in the last so many ms. */
  wasBlockedWithin(withinMs: number): boolean;
}

/**
 * Group commit: what arrives in one turn of the event loop, and in those that follow while there is more, is written in
 * one transaction, and each caller is answered after its commit. A commit at synchronous=FULL waits for the disk; for
 * many writes it waits once. A write that comes alone is committed in the next turn; there is no timer.
 */
export function createWriteBatcher(
  sqlite: Database.Database,
  { beforeCommit = () => {}, onCommit = () => {} }: Hooks = {},
): WriteBatcher {
  const [begin, commit, rollback] = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'].map((sql) => sqlite.prepare(sql));
  const [savepoint, release, undo] = ['SAVEPOINT w', 'RELEASE w', 'ROLLBACK TO w'].map((sql) => sqlite.prepare(sql));
  let waiting: Write[] = [];
  let heldUpAt = Number.NEGATIVE_INFINITY;

  /** The error for the caller, after a note if it is one of storage. */
  function noted(error: unknown): unknown {
    const reason = storageError(error);
    if (reason !== error) heldUpAt = performance.now();
    return reason;
  }

  function gather(before: number, turn: number): void {
    const hasMore = waiting.length > before && waiting.length < MAX_WRITES;
    if (hasMore && turn < MAX_TURNS) setImmediate(gather, waiting.length, turn + 1);
    else commitBatch();
  }

  function commitBatch(): void {
    const batch = takeBatch(waiting);
    const start = performance.now();
    try {
      beforeCommit();
      begin?.run();
    } catch (error) {
      waiting = [...stillInTime(batch, error), ...waiting];
      if (waiting.length > 0) setTimeout(commitBatch, RETRY_MS);
      return;
    }
    if (waiting.length > 0) setImmediate(commitBatch);
    try {
      const answers = attemptAll(batch);
      commit?.run();
      onCommit(batch.length, (performance.now() - start) / 1000);
      for (const answer of answers) answer();
    } catch (error) {
      for (const { reject } of batch) reject(noted(error));
      if (sqlite.inTransaction) rollback?.run();
    }
  }

  /** Does the writes of a batch together; if one fails, each again on its own, so that it leaves its neighbours alone. */
  function attemptAll(batch: Write[]): (() => void)[] {
    savepoint?.run();
    try {
      return batch.map(({ work, resolve }) => {
        const value = work() as never;
        return () => resolve(value);
      });
    } catch (error) {
      if (!sqlite.inTransaction) throw error;
      undo?.run();
      return batch.map(attempt);
    }
  }

  /** Those of a batch that could not begin which may wait on; the others are told why not. */
  function stillInTime(batch: Write[], error: unknown): Write[] {
    const isLocked = (error as { code?: unknown }).code === 'SQLITE_BUSY';
    heldUpAt = performance.now();
    const mayWait = ({ since }: Write) => isLocked && performance.now() - since < MAX_WAIT_MS;
    for (const write of batch) if (!mayWait(write)) write.reject(noted(error));
    return batch.filter(mayWait);
  }

  /** Does one write, and returns what tells its caller so. */
  function attempt({ work, resolve, reject }: Write): () => void {
    savepoint?.run();
    try {
      const value = work() as never;
      release?.run();
      return () => resolve(value);
    } catch (error) {
      // A full disk, say, ends the whole transaction, and with it the batch.
      if (!sqlite.inTransaction) throw error;
      undo?.run();
      release?.run();
      const reason = noted(error);
      return () => reject(reason);
    }
  }

  return {
    wasBlockedWithin: (withinMs) => performance.now() - heldUpAt < withinMs,

    write: (work, bytes = 0) =>
      new Promise((resolve, reject) => {
        waiting.push({ work, bytes, since: performance.now(), resolve, reject });
        if (waiting.length === 1) setImmediate(gather, 0, 1);
      }),
  };
}

function takeBatch(waiting: Write[]): Write[] {
  let bytes = 0;
  const end = waiting.findIndex((write, i) => {
    bytes += write.bytes;
    return i > 0 && (i >= MAX_WRITES || bytes > MAX_BYTES);
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}
