import { openSqlite, type SqliteOptions } from './sqlite/client.ts';
import type { Storage } from './types.ts';

/**
 * Opens the database, creates it if missing, and applies the migrations that it lacks.
 *
 * @throws StartupError if the database cannot be used or a migration fails.
 */
export function openStorage(databasePath: string, options?: SqliteOptions): Storage {
  return openSqlite(databasePath, options);
}
