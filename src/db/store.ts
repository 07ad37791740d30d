import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { StartError } from '../errors.ts';
import { createCheck } from './check.ts';
import { reasonOf, refuseDamage } from './damage.ts';
import { migrate } from './migrate.ts';
import { createReader } from './reader.ts';
import { createResultRepository, type ResultRepository } from './results.ts';
import { createRunRepository, type RunRepository } from './runs.ts';
import { createTicketRepository, type TicketRepository } from './tickets.ts';
import { createWriter } from './writer.ts';

/** How long a statement waits for another process's lock on the file before it fails, in ms: at the start, and later, when
 * the event loop stands still meanwhile and the writer tries again by itself. */
const START_BUSY_TIMEOUT_MS = 5000;
const BUSY_TIMEOUT_MS = 100;
const RETRY_MS = 20;

/** After how long a process that is gone, or stands still, loses its runs to others, in ms. */
export const LEASE_MS = 10_000;

export interface Store {
  /** The names of the migrations that this start has applied. */
  migrations: string[];
  tickets: TicketRepository;
  results: ResultRepository;
  runs: RunRepository;
  /** What of the database fails now, if anything. */
  check(): Promise<'database_read' | 'database_write' | undefined>;
  close(): void;
}

interface StoreOptions {
  leaseMs?: number;
  /** Told of each commit: how many writes it had, and how many seconds they took together. */
  onCommit?: (writes: number, seconds: number) => void;
}

/**
 * Opens the database file, makes it and its folder if missing, and brings it to the newest migration.
 *
 * @throws StartError if the file cannot be used or is damaged, or a migration fails.
 */
export function openStore(path: string, options: StoreOptions = {}): Store {
  try {
    return open(path, options);
  } catch (error) {
    throw new StartError(`DATABASE_URL: cannot use ${path}: ${reasonOf(error)}`);
  }
}

function open(path: string, { leaseMs = LEASE_MS, onCommit }: StoreOptions): Store {
  const sqlite = openDatabase(path);
  refuseDamage(sqlite);
  const migrations = migrate(sqlite);
  sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  sqlite.pragma('cache_size = -4096'); // KiB, a quarter of the driver's default: few pages are written again soon
  const db = drizzle(sqlite);
  const readonly = new Database(path, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  const reader = createReader(readonly);
  const writer = createWriter(sqlite, { beforeCommit: reader.refresh, ...(onCommit ? { onCommit } : {}) });
  return {
    migrations,
    tickets: createTicketRepository(db, reader, writer),
    results: createResultRepository(reader),
    runs: createRunRepository(db, reader, writer, { leaseMs }),
    check: createCheck(readonly, sqlite, writer),
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
