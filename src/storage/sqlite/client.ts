import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { StartupError } from '../../errors.ts';
import { LEASE_MS, type Storage } from '../types.ts';
import { assertIntegrity, describeOpenError } from './integrity.ts';
import { migrate } from './migrate.ts';
import { createReader } from './reader.ts';
import { createCheck } from './readiness.ts';
import { createResultRepository } from './results.ts';
import { createRunRepository } from './runs.ts';
import { createTicketRepository } from './tickets.ts';
import { createWriteBatcher } from './write-batcher.ts';

/** How long a statement waits for another process's lock on the file before it fails, in ms: at the start, and later, when
 * the event loop stands still meanwhile and the writer tries again by itself. */
const START_BUSY_TIMEOUT_MS = 5000;
const BUSY_TIMEOUT_MS = 100;
const RETRY_MS = 20;

export interface SqliteOptions {
  leaseMs?: number;
  /** Told of each commit: how many writes it had, and how many seconds they took together. */
  onCommit?: (writes: number, seconds: number) => void;
}

/**
 * Opens the database file, makes it and its folder if missing, and brings it to the newest migration.
 *
 * @throws StartupError if the file cannot be used or is damaged, or a migration fails.
 */
export function openSqlite(path: string, options: SqliteOptions = {}): Storage {
  try {
    return open(path, options);
  } catch (error) {
    throw new StartupError(`DATABASE_URL: cannot use ${path}: ${describeOpenError(error)}`);
  }
}

function open(path: string, { leaseMs = LEASE_MS, onCommit }: SqliteOptions): Storage {
  const sqlite = openDatabase(path);
  assertIntegrity(sqlite);
  const appliedMigrations = migrate(sqlite);
  sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  sqlite.pragma('cache_size = -4096'); // KiB, a quarter of the driver's default: few pages are written again soon
  const db = drizzle(sqlite);
  const readonly = new Database(path, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  const reader = createReader(readonly);
  const writer = createWriteBatcher(sqlite, { beforeCommit: reader.refresh, ...(onCommit ? { onCommit } : {}) });
  return {
    appliedMigrations,
    tickets: createTicketRepository(db, reader, writer),
    results: createResultRepository(reader),
    runs: createRunRepository(db, reader, writer, { leaseMs }),
    checkReadiness: createCheck(readonly, sqlite, writer),
    close() {
      reader.refresh();
      readonly.close();
      sqlite.close(); // the last one, as a connection that may write: it takes the -wal file away
    },
  };
}

/** Exported for the test of its settings. */
export function openDatabase(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true });
  const sqlite = new Database(path, { timeout: START_BUSY_TIMEOUT_MS });
  switchToWal(sqlite);
  // better-sqlite3 is built with NORMAL as WAL's default, which can lose a commit in a power cut.
  sqlite.pragma('synchronous = FULL');
  return sqlite;
}

/** SQLite itself does not wait here for a lock: of two that start at once on a new file, one would fail. */
function switchToWal(sqlite: Database.Database): void {
  const until = performance.now() + START_BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      sqlite.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'SQLITE_BUSY' || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
