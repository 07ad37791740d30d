import { describe, expect, it, onTestFinished } from 'vitest';
import { HAS_POSTGRES } from '../../testing/postgres.ts';
import { POSTGRES } from '../../testing/storages.ts';
import { openPostgresTransfer } from './transfer.ts';

describe.skipIf(!HAS_POSTGRES)('openPostgresTransfer', () => {
  it('closes its connection if it finds no tables', async () => {
    const { query, url } = await POSTGRES.createDatabase();
    const alter = (change: string) =>
      query(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ${change}', current_database()); END $$`);
    onTestFinished(async () => void (await alter('RESET search_path')));
    await alter('SET search_path = nowhere');
    await expect(openPostgresTransfer(url, 'target')).rejects.toThrow('"tickets" does not exist');
    const others = 'SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
    await expect.poll(() => query(others)).toEqual([]);
  });
});
