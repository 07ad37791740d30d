import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../testing/folder.ts';
import { openDatabase } from './client.ts';
import { createWriteBatcher } from './write-batcher.ts';

function start() {
  const path = `${temporaryFolder()}/app.db`;
  const sqlite = openDatabase(path);
  const other = new Database(path);
  onTestFinished(() => {
    sqlite.close();
    other.close();
  });
  sqlite.exec('CREATE TABLE numbers (n INTEGER UNIQUE, text TEXT)');
  const insert = sqlite.prepare('INSERT INTO numbers VALUES (?, ?)');
  const { write, wasBlockedWithin } = createWriteBatcher(sqlite);
  let commits = -1;
  let version: unknown;
  return {
    sqlite,
    wasBlockedWithin,
    write,
    insert: (n: number, text = '') => write(() => insert.run(n, text).changes, text.length),
    /** What another process sees. */
    stored: () => other.prepare('SELECT n FROM numbers ORDER BY n').pluck().all(),
    /** How often it was called with something new to see since the last time. */
    look() {
      const now = other.pragma('data_version', { simple: true });
      if (now !== version) commits += 1;
      version = now;
      return commits;
    },
  };
}

test('writes of one turn are one commit, and each is answered after it with what it returned', async () => {
  const { insert, look, stored } = start();
  look();
  const answers = [1, 2, 3].map(async (n) => {
    const changes = await insert(n);
    return { changes, commits: look(), stored: stored() };
  });
  expect(await Promise.all(answers)).toEqual(Array(3).fill({ changes: 1, commits: 1, stored: [1, 2, 3] }));
  await insert(4);
  expect(look()).toBe(2);
});

test('a write that fails fails alone, and leaves nothing half-done', async () => {
  const { insert, sqlite, stored, write } = start();
  const half = write(() => {
    sqlite.exec('INSERT INTO numbers (n) VALUES (99)');
    throw new Error('half');
  });
  const answers = await Promise.allSettled([insert(1), insert(1), half, insert(2)]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect((answers[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'SQLITE_CONSTRAINT_UNIQUE' });
  await insert(3);
  expect(stored()).toEqual([1, 2, 3]);
});

test('a write of several statements is whole or not at all', async () => {
  const { sqlite, stored, write } = start();
  const answer = write(() => {
    sqlite.exec('INSERT INTO numbers (n) VALUES (1)');
    sqlite.exec('INSERT INTO numbers (n) VALUES (1)');
  });
  await expect(answer).rejects.toThrow('UNIQUE');
  expect(stored()).toEqual([]);
});

test('a full disk fails every write of the batch, keeps nothing of it, and is over when there is room again', async () => {
  const { insert, sqlite, stored, wasBlockedWithin } = start();
  await insert(1);
  expect(wasBlockedWithin(1000)).toBe(false);
  sqlite.pragma(`max_page_count = ${sqlite.pragma('page_count', { simple: true })}`);
  const answers = await Promise.allSettled([insert(2), insert(3, 'x'.repeat(1_000_000)), insert(4)]);
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'storage_unavailable' } });
  }
  expect(stored()).toEqual([1]);
  expect(wasBlockedWithin(1000)).toBe(true);
  sqlite.pragma('max_page_count = 1000000');
  await insert(5);
  expect(stored()).toEqual([1, 5]);
});

test('a lock that another process holds for too long is storage that is not available', async () => {
  const { insert, sqlite, stored } = start();
  sqlite.pragma('busy_timeout = 100');
  const path = sqlite.name;
  const other = new Database(path);
  onTestFinished(() => void other.close());
  other.exec('BEGIN IMMEDIATE');
  const since = performance.now();
  let longest = 0;
  let last = since;
  const pulse = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 10);
  const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => insert(n)));
  clearInterval(pulse);
  const unavailable = { code: 'storage_unavailable', details: { code: 'SQLITE_BUSY' } };
  for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: unavailable });
  expect(performance.now() - since).toBeLessThan(4000);
  expect(longest).toBeLessThan(1000);
  setTimeout(() => other.exec('ROLLBACK'), 500);
  await insert(99); // waits for it
  expect(stored()).toEqual([99]);
});

test.each([
  ['many', 2500, 1],
  ['large', 3, 5 * 1024 * 1024],
])('%s writes are several commits, and the event loop turns between them', async (_name, count, length) => {
  const { insert, look } = start();
  look();
  let isOver = false;
  const everyTurn = () => {
    if (isOver) return;
    look();
    setImmediate(everyTurn);
  };
  const writes = Array.from({ length: count }, (_, n) => insert(n, 'x'.repeat(length)));
  setImmediate(everyTurn);
  await Promise.all(writes);
  isOver = true;
  expect(look()).toBe(3);
});
