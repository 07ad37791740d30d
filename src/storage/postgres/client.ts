import { StartupError } from '../../errors.ts';
import type { Storage, StorageOptions } from '../types.ts';

export async function openPostgres(_databaseUrl: string, _options: StorageOptions = {}): Promise<Storage> {
  throw new StartupError('DATABASE_URL: PostgreSQL is not supported yet');
}
