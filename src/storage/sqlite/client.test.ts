import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../testing/folder.ts';
import { openStorage } from '../open.ts';
import { openDatabase } from './client.ts';

test('the file and its folder are made', () => {
  const path = `${temporaryFolder()}/a/b/app.db`;
  openStorage(path).close();
  expect(existsSync(path)).toBe(true);
});

test.each([
  ['a folder', (path: string) => mkdirSync(path)],
  [
    'no database',
    (path: string) => writeFileSync(path, 'not a database, but long enough to be read as one'.repeat(100)),
  ],
])('%s in its place is told in one line', (_name, put) => {
  const path = `${temporaryFolder()}/app.db`;
  put(path);
  expect(() => openStorage(path)).toThrow(/^DATABASE_URL: cannot use .*app\.db: [^\n]+$/);
});

test('a folder that cannot be made is told in one line', () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/file`, '');
  chmodSync(`${folder}/file`, 0o400);
  expect(() => openStorage(`${folder}/file/app.db`)).toThrow(/^DATABASE_URL: cannot use [^\n]+$/);
});

test('a commit is on disk before it is answered, references hold, and locks are waited for', () => {
  const sqlite = openDatabase(`${temporaryFolder()}/app.db`);
  onTestFinished(() => void sqlite.close());
  const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'];
  const FULL = 2;
  expect(pragmas.map((name) => sqlite.pragma(name, { simple: true }))).toEqual(['wal', FULL, 1, 5000]);
});

test('while it serves, the event loop stands still for a lock no longer than it must', async () => {
  const path = `${temporaryFolder()}/app.db`;
  const store = openStorage(path);
  const other = new Database(path);
  onTestFinished(() => {
    store.close();
    other.close();
  });
  other.exec('BEGIN IMMEDIATE');
  const write = store.tickets.create({ raw_text: 'x', source: 'web' });
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await store.tickets.findById(1)).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(1000);
  other.exec('COMMIT');
  expect(await write).toMatchObject({ id: 1 });
});

test('a file that another process has locked is told in one line', { timeout: 10_000 }, () => {
  const path = `${temporaryFolder()}/app.db`;
  openStorage(path).close();
  const other = new Database(path);
  onTestFinished(() => void other.close());
  other.exec('BEGIN IMMEDIATE');
  expect(() => openStorage(path)).toThrow(/^DATABASE_URL: cannot use .*app\.db: database is locked$/);
});

test('a bad status or an orphan result is kept out', () => {
  const path = `${temporaryFolder()}/app.db`;
  openStorage(path).close();
  const sqlite = new Database(path);
  onTestFinished(() => void sqlite.close());
  const insert = "INSERT INTO tickets (source, raw_text, status) VALUES ('web', 'x', ?)";
  expect(() => sqlite.prepare(insert).run('lost')).toThrow('CHECK constraint failed: tickets_status');
  for (const status of ['new', 'processing', 'done', 'failed']) sqlite.prepare(insert).run(status);
  const orphan = `INSERT INTO results (ticket_id, summary, category, reply_draft, model, prompt_version)
    VALUES (?, 's', 'other', 'r', 'm', 'v1')`;
  expect(() => sqlite.prepare(orphan).run(99)).toThrow('FOREIGN KEY constraint failed');
  sqlite.prepare(orphan).run(1);
  expect(() => sqlite.prepare(orphan).run(1)).toThrow('UNIQUE constraint failed: results.ticket_id');
});

test('the id of a ticket that was deleted is not given again', async () => {
  const path = `${temporaryFolder()}/app.db`;
  const store = openStorage(path);
  onTestFinished(() => store.close());
  await store.tickets.create({ raw_text: 'x', source: 'web' });
  const sqlite = new Database(path);
  sqlite.exec('DELETE FROM tickets');
  sqlite.close();
  expect(await store.tickets.create({ raw_text: 'y', source: 'web' })).toMatchObject({ id: 2 });
});

test('a new file that another process is just making is waited for', async () => {
  const path = `${temporaryFolder()}/app.db`;
  new Database(path).exec('CREATE TABLE other (x)').close();
  const code = `const sqlite = new (require(process.argv[2]))(process.argv[1]);
    sqlite.exec('BEGIN IMMEDIATE');
    console.log('writing');
    setTimeout(() => sqlite.close(), 500);`;
  const other = spawn(process.execPath, ['-e', code, path, createRequire(import.meta.url).resolve('better-sqlite3')]);
  await once(other.stdout, 'data');
  openStorage(path).close();
});

test.each(['DROP TABLE results', 'DROP TABLE runs', 'DROP INDEX results_ticket_id_unique'])(
  'a database that lacks something (%s) is told in one line',
  (change) => {
    const path = `${temporaryFolder()}/app.db`;
    openStorage(path).close();
    new Database(path).exec(change).close();
    expect(() => openStorage(path)).toThrow(/^DATABASE_URL: cannot use .*app\.db: .+$/);
  },
);
