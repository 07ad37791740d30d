import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';

const FORCE = makeClaimOptions({ force: true });

describe('delete', () => {
  it('leaves nothing of the text in the database file after a checkpoint', async () => {
    const { path, storage } = openTestStorage();
    const secret = `secret-${'0123456789'.repeat(2000)}`; // longer than a page
    await storage.tickets.create({ raw_text: secret, source: 'web' });
    await storage.runs.claimRun(1, FORCE);
    await storage.runs.completeRun(1, makeNewResult({ summary: `short ${secret.slice(0, 30)}` }), makeRunUsage());
    const sqlite = openSqliteFile(path);
    const occurs = () => {
      sqlite.pragma('wal_checkpoint(TRUNCATE)');
      return readFileSync(path).includes('secret-') || readFileSync(path).includes('0123456789');
    };
    expect(occurs()).toBe(true);
    await storage.tickets.delete(1);
    expect(occurs()).toBe(false);
  });
});
