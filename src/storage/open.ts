import { openSqlite, type SqliteOptions } from './sqlite/client.ts';
import type { Storage } from './types.ts';

/**
 * Opens the database, creates it if missing, and applies all migrations that it lacks.
 *
 * @throws StartupError if the database cannot be used or a migration fails.
 */
export const openStorage = (databasePath: string, options?: SqliteOptions): Storage =>
  openSqlite(databasePath, options);
