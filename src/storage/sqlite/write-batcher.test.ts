import type Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteFile } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { openDatabase } from './client.ts';
import { createWriteBatcher } from './write-batcher.ts';

function start() {
  const path = `${temporaryFolder()}/app.db`;
  const sqlite = openDatabase(path);
  onTestFinished(() => void sqlite.close());
  sqlite.exec('CREATE TABLE numbers (n INTEGER UNIQUE, text TEXT)');
  const insert = sqlite.prepare('INSERT INTO numbers VALUES (?, ?)');
  const batcher = createWriteBatcher(sqlite);
  const other = openSqliteFile(path);
  return {
    ...batcher,
    sqlite,
    /** Another process's connection. */
    other,
    insert: (n: number, text = '') => batcher.write(() => insert.run(n, text).changes, text.length),
    /** What another process sees. */
    stored: () => other.prepare('SELECT n FROM numbers ORDER BY n').pluck().all(),
    countCommits: commitCounter(other),
  };
}

/** Returns a function that counts how many of its calls found something new from another connection. */
function commitCounter(sqlite: Database.Database): () => number {
  let version = sqlite.pragma('data_version', { simple: true });
  let commits = 0;
  return () => {
    const current = sqlite.pragma('data_version', { simple: true });
    if (current !== version) commits += 1;
    version = current;
    return commits;
  };
}

describe('write', () => {
  it('commits the writes of one tick together and then resolves each with its own value', async () => {
    const { insert, countCommits, stored } = start();
    const answers = [1, 2, 3].map(async (n) => {
      const changes = await insert(n);
      return { changes, commits: countCommits(), stored: stored() };
    });
    expect(await Promise.all(answers)).toEqual(Array(3).fill({ changes: 1, commits: 1, stored: [1, 2, 3] }));
    await insert(4);
    expect(countCommits()).toBe(2);
  });

  it('rejects only the write that fails, and undoes its changes', async () => {
    const { insert, sqlite, stored, write, hasFailedWithin } = start();
    const half = write(() => {
      sqlite.exec('INSERT INTO numbers (n) VALUES (99)');
      throw new Error('half');
    });
    const [first, duplicate, failed, second] = await Promise.allSettled([insert(1), insert(1), half, insert(2)]);
    expect([first, second].map((outcome) => outcome?.status)).toEqual(['fulfilled', 'fulfilled']);
    expect(duplicate).toMatchObject({ status: 'rejected', reason: { code: 'SQLITE_CONSTRAINT_UNIQUE' } });
    expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'half' } });
    await insert(3);
    expect(stored()).toEqual([1, 2, 3]);
    expect(hasFailedWithin(60_000)).toBe(false);
  });

  it('undoes a write of several statements if one fails', async () => {
    const { sqlite, stored, write } = start();
    const answer = write(() => {
      sqlite.exec('INSERT INTO numbers (n) VALUES (1)');
      sqlite.exec('INSERT INTO numbers (n) VALUES (1)');
    });
    await expect(answer).rejects.toThrow('UNIQUE');
    expect(stored()).toEqual([]);
  });

  it('leaves no transaction open between event-loop ticks', async () => {
    const { insert, sqlite } = start();
    const open: boolean[] = [];
    const ticks = setInterval(() => open.push(sqlite.inTransaction), 0);
    await Promise.allSettled(Array.from({ length: 5000 }, (_, n) => insert(n % 4000)));
    clearInterval(ticks);
    expect(open.length).toBeGreaterThan(0);
    expect(open).not.toContain(true);
  });

  it('rejects the whole batch on a full disk and recovers when there is room', async () => {
    const { insert, sqlite, stored, wasBlockedWithin, hasFailedWithin } = start();
    await insert(1);
    expect(wasBlockedWithin(60_000)).toBe(false);
    sqlite.pragma(`max_page_count = ${sqlite.pragma('page_count', { simple: true })}`);
    const answers = await Promise.allSettled([insert(2), insert(3, 'x'.repeat(1_000_000)), insert(4)]);
    const unavailable = { code: 'storage_unavailable', details: { causeCode: 'SQLITE_FULL' } };
    for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: unavailable });
    expect(stored()).toEqual([1]);
    expect([wasBlockedWithin(60_000), hasFailedWithin(60_000)]).toEqual([true, true]);
    sqlite.pragma('max_page_count = 1000000');
    await insert(5);
    expect(stored()).toEqual([1, 5]);
    expect([wasBlockedWithin(60_000), hasFailedWithin(60_000)]).toEqual([true, false]);
  });

  it('rejects writes with storage_unavailable if another process holds the lock for too long', async () => {
    const { insert, sqlite, stored, other } = start();
    sqlite.pragma('busy_timeout = 100');
    other.exec('BEGIN IMMEDIATE');
    let ticks = 0;
    const pulse = setInterval(() => {
      ticks += 1;
    }, 10);
    const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => insert(n)));
    clearInterval(pulse);
    const unavailable = { code: 'storage_unavailable', details: { causeCode: 'SQLITE_BUSY' } };
    for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: unavailable });
    expect(ticks).toBeGreaterThan(5); // the event loop ran between the attempts
    other.exec('ROLLBACK');
    expect(stored()).toEqual([]);
  });

  it('waits for a lock that another process releases in time', async () => {
    const { insert, sqlite, stored, other, wasBlockedWithin, hasFailedWithin } = start();
    sqlite.pragma('busy_timeout = 20');
    other.exec('BEGIN IMMEDIATE');
    setTimeout(() => other.exec('ROLLBACK'), 200);
    await Promise.all([insert(1), insert(2)]);
    expect(stored()).toEqual([1, 2]);
    expect([wasBlockedWithin(60_000), hasFailedWithin(60_000)]).toEqual([true, false]);
  });

  it.each([
    ['many', 2500, 1],
    ['large', 3, 5 * 1024 * 1024],
  ])('splits %s writes into several commits, with event-loop ticks between them', async (_name, count, length) => {
    const { insert, countCommits } = start();
    let isOver = false;
    const everyTick = () => {
      if (isOver) return;
      countCommits();
      setImmediate(everyTick);
    };
    const writes = Array.from({ length: count }, (_, n) => insert(n, 'x'.repeat(length)));
    setImmediate(everyTick);
    await Promise.all(writes);
    isOver = true;
    expect(countCommits()).toBe(3);
  });
});
