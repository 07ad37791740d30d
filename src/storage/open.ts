import { StartupError } from '../errors.ts';
import { openSqlite } from './sqlite/client.ts';
import { openSqliteTransfer } from './sqlite/transfer.ts';
import type { Transfer } from './transfer.ts';
import type { Storage, StorageOptions } from './types.ts';

export const isPostgresUrl = (databaseUrl: string) => /^postgres(?:ql)?:/.test(databaseUrl);

const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

/**
 * Opens the database that a URL or the path of a SQLite file names, and applies the migrations that it lacks.
 *
 * @throws StartupError if the database cannot be used or a migration fails.
 */
export async function openStorage(databaseUrl: string, options?: StorageOptions): Promise<Storage> {
  const scheme = SCHEME.exec(databaseUrl)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return openSqlite(databaseUrl, options);
    case 'postgres':
    case 'postgresql': {
      const { openPostgres } = await import('./postgres/client.ts'); // so that a start with SQLite need not load it
      return openPostgres(databaseUrl, options);
    }
    default:
      throw new StartupError(`DATABASE_URL: there is no storage for ${scheme}: URLs`);
  }
}

/** Begins a transaction that reads or fills a whole database; see `copyTables`. */
export async function openTransfer(databaseUrl: string, mode: 'source' | 'target'): Promise<Transfer> {
  if (!isPostgresUrl(databaseUrl)) return openSqliteTransfer(databaseUrl, mode);
  const { openPostgresTransfer } = await import('./postgres/transfer.ts');
  return openPostgresTransfer(databaseUrl, mode);
}
