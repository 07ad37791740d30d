import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { StartupError } from '../../errors.ts';
import { LEASE_MS, type Storage, type StorageOptions, type TicketListQuery } from '../types.ts';
import { createBatchRepository } from './batches.ts';
import { read } from './errors.ts';
import { assertIntegrity, describeOpenError } from './integrity.ts';
import { createTicketList } from './list.ts';
import { migrate } from './migrate.ts';
import { createQueueRepository } from './queue.ts';
import { createReadinessCheck } from './readiness.ts';
import { createResultRepository } from './results.ts';
import { createRunRepository } from './runs.ts';
import { fillSearchTexts } from './search-texts.ts';
import { createSearchThreads } from './search-thread.ts';
import { prepareSharedStatements } from './statements.ts';
import { createTicketRepository } from './tickets.ts';
import { createUsageRepository } from './usage.ts';
import { createWriteBatcher } from './write-batcher.ts';

/** How long a statement waits for another process's lock. It blocks the event loop, so a running server waits less. */
const START_BUSY_TIMEOUT_MS = 5000;
const BUSY_TIMEOUT_MS = 100;
const RETRY_MS = 20;

/**
 * Opens the database file, creates it and its folder if missing, and applies the migrations that it lacks.
 *
 * One connection is enough: calls are synchronous, and a transaction ends in the function that begins it. So a read
 * never sees half of a write.
 *
 * @throws StartupError if the file cannot be used or is damaged, or a migration fails.
 */
export function openSqlite(path: string, options: StorageOptions = {}): Storage {
  let sqlite: Database.Database | undefined;
  try {
    sqlite = openDatabase(path);
    return createStorage(sqlite, options);
  } catch (error) {
    sqlite?.close();
    throw new StartupError(`DATABASE_URL: cannot use ${path}: ${describeOpenError(error)}`, { cause: error });
  }
}

function createStorage(sqlite: Database.Database, { leaseMs = LEASE_MS, onCommit }: StorageOptions): Storage {
  assertIntegrity(sqlite);
  const appliedMigrations = migrate(sqlite);
  fillSearchTexts(sqlite);
  sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  sqlite.pragma('cache_size = -4096'); // in KiB; the driver's default of 16 MiB would only fill with written pages
  const db = drizzle(sqlite);
  const writer = createWriteBatcher(sqlite, { onCommit });
  const shared = prepareSharedStatements(db);
  const identity = { owner: randomUUID(), leaseMs };
  const listTickets = createTicketList(sqlite);
  const threads = createSearchThreads(sqlite.name);
  const list = (query: TicketListQuery) =>
    query.filter.q === undefined ? read(() => listTickets(query)) : threads.search(query);

  return {
    appliedMigrations,
    tickets: createTicketRepository(db, shared, writer, { list, count: threads.count }),
    results: createResultRepository(db),
    runs: createRunRepository(db, shared, writer, identity),
    queuedRuns: createQueueRepository(db, shared, writer, identity),
    batches: createBatchRepository(db, shared, writer),
    usage: createUsageRepository(db),
    checkReadiness: createReadinessCheck(db, writer),
    async close() {
      sqlite.close();
      await threads.close();
    },
  };
}

/** Exported for tests. */
export function openDatabase(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true });
  const sqlite = new Database(path, { timeout: START_BUSY_TIMEOUT_MS });
  try {
    switchToWal(sqlite);
    // The driver's default for WAL is NORMAL, which can lose commits in a power failure.
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('secure_delete = ON'); // a deleted ticket's text is overwritten in the file
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** Retries, because `busy_timeout` does not apply here. Of two processes that create a file at once, one would fail. */
function switchToWal(sqlite: Database.Database): void {
  const deadline = performance.now() + START_BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      sqlite.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'SQLITE_BUSY' || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
