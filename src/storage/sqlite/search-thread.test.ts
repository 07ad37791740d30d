import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTestStorage } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import type { TicketListQuery } from '../types.ts';
import { openSqlite } from './client.ts';
import { createSearchThreads } from './search-thread.ts';

const QUERY: TicketListQuery = { filter: { q: 'needle' }, order: 'newest', limit: 10 };
const TICKET = { raw_text: 'A needle.', source: 'web' };

function openThread(path: string) {
  const thread = createSearchThreads(path);
  onTestFinished(thread.close);
  return thread;
}

describe('search', () => {
  it('finds what this process has just committed', async () => {
    const { storage } = openTestStorage();
    for (let count = 1; count <= 20; count += 1) {
      await storage.tickets.create(TICKET);
      expect((await storage.tickets.list({ ...QUERY, limit: 100 })).data).toHaveLength(count);
    }
  });

  it('rejects with storage_unavailable when its thread dies, and succeeds in a new one', async () => {
    const path = `${temporaryFolder()}/app.db`;
    const thread = openThread(path);
    const expected = { code: 'storage_unavailable', details: { cause: 'unable to open database file' } };
    await expect(thread.search(QUERY)).rejects.toMatchObject(expected);
    const storage = openSqlite(path);
    onTestFinished(storage.close);
    await storage.tickets.create(TICKET);
    expect((await thread.search(QUERY)).data).toMatchObject([{ id: 1 }]);
  });

  it('rejects with storage_unavailable when the database is damaged', async () => {
    const path = `${temporaryFolder()}/app.db`;
    writeFileSync(path, 'this is not a database '.repeat(1000));
    await expect(openThread(path).search(QUERY)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  it('answers searches that arrive together, and rejects those that are too many with overloaded', async () => {
    const { storage } = openTestStorage();
    await storage.tickets.create(TICKET);
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => storage.tickets.list(QUERY)));
    const found = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value.data.length);
    const reasons = answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => reason.code);
    expect(found).toEqual(Array(16).fill(1));
    expect(reasons).toEqual(Array(4).fill('overloaded'));
  });
});

describe('close', () => {
  it('ends the thread, so that no connection keeps the -wal file', async () => {
    const path = `${temporaryFolder()}/app.db`;
    const storage = openSqlite(path);
    await storage.tickets.create(TICKET);
    await storage.tickets.list(QUERY);
    expect(await storage.tickets.count({})).toBe(1);
    expect(existsSync(`${path}-wal`)).toBe(true);
    await storage.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  });
});
