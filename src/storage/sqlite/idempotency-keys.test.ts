import { describe, expect, it } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';

const TICKET = { raw_text: 'x', source: 'web' };
const KEY = { client: 'support', key: 'order-7', requestHash: 'hash-of-x' };

describe('createOnce', () => {
  it('deletes expired keys in small portions and never returns the ticket of one', async () => {
    const { path, storage: ours } = openTestStorage();
    const sqlite = openSqliteFile(path);
    await ours.tickets.create(TICKET);
    sqlite.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
      INSERT INTO idempotency_keys SELECT 'support', 'old-' || i, 'hash-of-x', 1, i FROM n`);
    const count = () => sqlite.prepare('SELECT count(*) FROM idempotency_keys').pluck().get();
    const last = { ...KEY, key: 'old-250' };
    expect(await ours.tickets.createOnce(TICKET, last)).toMatchObject({ ticket: { id: 2 }, isReplay: false });
    expect(count()).toBe(150);
    expect(await ours.tickets.createOnce(TICKET, last)).toMatchObject({ ticket: { id: 2 }, isReplay: true });
    await ours.tickets.createOnce(TICKET, KEY);
    expect(count()).toBe(2);
  });
});
