import { StartupError } from '../errors.ts';
import { openSqlite } from './sqlite/client.ts';
import { openSqliteTransfer } from './sqlite/transfer.ts';
import { openUsageReader as openSqliteUsageReader } from './sqlite/usage-reader.ts';
import type { Transfer } from './transfer.ts';
import type { Storage, StorageOptions, UsageReader } from './types.ts';

/**
 * Opens the database that a URL or the path of a SQLite file names, and applies the migrations that it lacks.
 *
 * @throws StartupError if the database cannot be used or a migration fails.
 */
export async function openStorage(databaseUrl: string, options?: StorageOptions): Promise<Storage> {
  if (!isPostgresUrl(databaseUrl)) return openSqlite(databaseUrl, options);
  const { openPostgres } = await import('./postgres/client.ts'); // so that a start with SQLite need not load it
  return openPostgres(databaseUrl, options);
}

/**
 * Opens a database to read its usage. It is not changed.
 *
 * @throws Error if there is no database, it cannot be read, or it has no usage yet.
 */
export async function openUsageReader(databaseUrl: string): Promise<UsageReader> {
  if (!isPostgresUrl(databaseUrl)) return openSqliteUsageReader(databaseUrl);
  const { openUsageReader } = await import('./postgres/usage-reader.ts');
  return openUsageReader(databaseUrl);
}

/** @throws StartupError for the URL of another database. */
export function isPostgresUrl(databaseUrl: string): boolean {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(databaseUrl)?.[1]?.toLowerCase();
  if (scheme === undefined) return false;
  if (scheme === 'postgres' || scheme === 'postgresql') return true;
  throw new StartupError(`DATABASE_URL: there is no storage for ${scheme}: URLs`);
}

/** Begins a transaction that reads or fills a whole database; see `copyTables`. */
export async function openTransfer(databaseUrl: string, mode: 'source' | 'target'): Promise<Transfer> {
  if (!isPostgresUrl(databaseUrl)) return openSqliteTransfer(databaseUrl, mode);
  const { openPostgresTransfer } = await import('./postgres/transfer.ts');
  return openPostgresTransfer(databaseUrl, mode);
}
