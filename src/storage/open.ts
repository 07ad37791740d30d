import { StartupError } from '../errors.ts';
import { openSqlite } from './sqlite/client.ts';
import type { Storage, StorageOptions } from './types.ts';

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
