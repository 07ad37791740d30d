import { openStorage } from '../storage/open.ts';
import type { Storage, StorageOptions } from '../storage/types.ts';
import { afterTest, type CleanUp } from './clean-up.ts';
import { openSqliteFile } from './database.ts';
import { writeEmptyDatabase } from './empty-database.ts';
import { temporaryFolder } from './folder.ts';
import { createPostgresDatabase, HAS_POSTGRES } from './postgres.ts';

type Row = Record<string, unknown>;

/** An empty database. */
export interface TestDatabase {
  /** Its DATABASE_URL. */
  url: string;
  /** Opens a storage that acts like a process of its own, and closes it with the database. */
  open(options?: StorageOptions): Promise<Storage>;
  /** Executes SQL that all databases have in common. */
  query(sql: string): Promise<Row[]>;
  /** Moves the times of tickets, runs, batches and keys back, as if this time had passed. */
  letTimePass(seconds: number): Promise<void>;
}

export interface StorageKind {
  name: string;
  /** For one test, unless it is cleaned up later. */
  createDatabase(cleanUp?: CleanUp): Promise<TestDatabase>;
}

const open = async (url: string, cleanUp: CleanUp, options?: StorageOptions) => {
  const storage = await openStorage(url, options);
  cleanUp(storage.close);
  return storage;
};

export const SQLITE: StorageKind = {
  name: 'SQLite',
  async createDatabase(cleanUp = afterTest) {
    const url = `${temporaryFolder(cleanUp)}/app.db`;
    writeEmptyDatabase(url);
    let sqlite: ReturnType<typeof openSqliteFile> | undefined;
    const connect = () => {
      sqlite ??= openSqliteFile(url, cleanUp);
      return sqlite;
    };
    return {
      url,
      open: (options) => open(url, cleanUp, options),
      async query(sql) {
        const statement = connect().prepare<[], Row>(sql);
        if (statement.reader) return statement.all();
        statement.run();
        return [];
      },
      letTimePass: async (seconds) => void connect().exec(moveSqliteTimes(seconds)),
    };
  },
};

export const POSTGRES: StorageKind = {
  name: 'PostgreSQL',
  async createDatabase(cleanUp = afterTest) {
    const { client, url } = await createPostgresDatabase(cleanUp);
    return {
      url,
      open: (options) => open(url, cleanUp, options),
      query: async (sql) => (await client.query<Row>(sql)).rows,
      letTimePass: async (seconds) => void (await client.query(movePostgresTimes(seconds))),
    };
  },
};

/** Those that the tests of every storage run over. */
export const STORAGES = HAS_POSTGRES ? [SQLITE, POSTGRES] : [SQLITE];

const moveSqliteTimes = (seconds: number) => {
  const moved = (column: string) => `${column} = datetime(${column}, '-${seconds} seconds')`;
  const movedMs = (column: string) => `${column} = ${column} - ${seconds * 1000}`;
  return `
    UPDATE tickets SET ${moved('created_at')};
    UPDATE runs SET ${['created_at', 'started_at', 'finished_at'].map(moved)},
      ${['lease_expires_at', 'start_after'].map(movedMs)};
    UPDATE batches SET ${moved('created_at')};
    UPDATE usage_daily SET day = date(day, '-${wholeDays(seconds)} days');
    UPDATE idempotency_keys SET ${movedMs('created_at')}`;
};

const movePostgresTimes = (seconds: number) => {
  const moved = (column: string) => `${column} = ${column} - interval '${seconds} seconds'`;
  return `
    UPDATE tickets SET ${moved('created_at')};
    UPDATE runs SET ${['created_at', 'started_at', 'finished_at', 'lease_expires_at', 'start_after'].map(moved)};
    UPDATE batches SET ${moved('created_at')};
    UPDATE usage_daily SET day = day - ${wholeDays(seconds)};
    UPDATE idempotency_keys SET ${moved('created_at')}`;
};

const wholeDays = (seconds: number) => Math.floor(seconds / (24 * 3600));
