import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { UsageReader } from '../types.ts';
import { describeOpenError } from './integrity.ts';
import { createUsageRepository } from './usage.ts';

/**
 * Opens a database to read its usage, also while servers use it. All reports are of the same moment. Unlike
 * `openSqlite`, it neither creates a file nor applies migrations.
 *
 * @throws Error if there is no database, it cannot be read, or it has no usage yet.
 */
export function openUsageReader(path: string): UsageReader {
  if (!existsSync(path)) throw new Error(`there is no database ${path}`);
  let sqlite: Database.Database | undefined;
  try {
    // Not `readonly`: such a connection would leave its -wal and -shm files behind.
    sqlite = new Database(path, { fileMustExist: true });
    return createReader(sqlite);
  } catch (error) {
    sqlite?.close();
    throw new Error(`cannot read ${path}: ${describeOpenError(error)}`, { cause: error });
  }
}

function createReader(sqlite: Database.Database): UsageReader {
  sqlite.pragma('query_only = ON');
  sqlite.exec('BEGIN');
  const table = sqlite.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'usage_daily'").get();
  if (!table) throw new Error('it has the schema of an older version: start the server once, which updates it');
  return { usage: createUsageRepository(drizzle(sqlite)), close: async () => void sqlite.close() };
}
