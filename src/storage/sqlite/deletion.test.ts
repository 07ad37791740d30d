import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';

const FORCE = makeClaimOptions({ force: true });
const TICKET = { raw_text: 'x', source: 'web' };
const KEY = { client: 'support', key: 'order-7', requestHash: 'hash-of-x' };

describe('createOnce', () => {
  it('deletes expired keys in small portions and never returns the ticket of one', async () => {
    const { path, storage } = openTestStorage();
    const sqlite = openSqliteFile(path);
    await storage.tickets.create(TICKET);
    sqlite.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
      INSERT INTO idempotency_keys SELECT 'support', 'old-' || i, 'hash-of-x', 1, i FROM n`);
    const count = () => sqlite.prepare('SELECT count(*) FROM idempotency_keys').pluck().get();
    const last = { ...KEY, key: 'old-250' };
    expect(await storage.tickets.createOnce(TICKET, last)).toMatchObject({ ticket: { id: 2 }, isReplay: false });
    expect(count()).toBe(150);
    expect(await storage.tickets.createOnce(TICKET, last)).toMatchObject({ ticket: { id: 2 }, isReplay: true });
    await storage.tickets.createOnce(TICKET, KEY);
    expect(count()).toBe(2);
  });
});

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
