import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StartupError } from '../../errors.ts';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { openDatabase, openSqlite } from './client.ts';

/** A StartupError of one line that names the variable and the file. */
function expectStartupError(path: string, reason = /[^\n]+/): void {
  const message = new RegExp(`^DATABASE_URL: cannot use ${path}: ${reason.source}$`);
  expect(() => openSqlite(path)).toThrow(StartupError);
  expect(() => openSqlite(path)).toThrow(message);
}

describe('openSqlite', () => {
  it('creates the file and its folder', () => {
    const path = `${temporaryFolder()}/a/b/app.db`;
    openSqlite(path).close();
    expect(existsSync(path)).toBe(true);
  });

  it('refuses a folder', () => {
    const path = `${temporaryFolder()}/app.db`;
    mkdirSync(path);
    expectStartupError(path);
  });

  it('refuses a file that is not a database', () => {
    const path = `${temporaryFolder()}/app.db`;
    writeFileSync(path, 'not a database, but long enough to be read as one'.repeat(100));
    expectStartupError(path, /it is not a SQLite database, or it is damaged; [^\n]+/);
  });

  it('refuses a path below a file', () => {
    const folder = temporaryFolder();
    writeFileSync(`${folder}/file`, '');
    expectStartupError(`${folder}/file/app.db`);
  });

  it('refuses a file that another process has locked for longer than the timeout', () => {
    const { path, storage } = openTestStorage();
    storage.close();
    openSqliteFile(path).exec('BEGIN IMMEDIATE');
    expect(() => openSqlite(path)).toThrow(/^DATABASE_URL: cannot use .*app\.db: database is locked$/);
  });

  it.each(['DROP TABLE results', 'DROP TABLE runs', 'DROP INDEX results_ticket_id_unique'])(
    'refuses a database after %s',
    (change) => {
      const { path, storage } = openTestStorage();
      storage.close();
      openSqliteFile(path).exec(change);
      expectStartupError(path);
    },
  );

  it('releases the file after a failure', () => {
    const { path, storage } = openTestStorage();
    storage.close();
    const sqlite = openSqliteFile(path);
    sqlite.exec('ALTER TABLE runs RENAME TO other');
    expectStartupError(path);
    sqlite.exec('ALTER TABLE other RENAME TO runs');
    sqlite.close();
    openSqlite(path).close();
    expect(existsSync(`${path}-wal`)).toBe(false); // the last connection removes it
  });

  it('waits while another process creates the file', async () => {
    const path = `${temporaryFolder()}/app.db`;
    openSqliteFile(path).exec('CREATE TABLE other (x)');
    const code = `const sqlite = new (require(process.argv[2]))(process.argv[1]);
      sqlite.exec('BEGIN IMMEDIATE');
      console.log('writing');
      setTimeout(() => sqlite.close(), 500);`;
    const driver = createRequire(import.meta.url).resolve('better-sqlite3');
    const other = spawn(process.execPath, ['-e', code, path, driver]);
    onTestFinished(() => void other.kill());
    await once(other.stdout, 'data');
    openTestStorage({}, path);
  });

  it('reads while another process holds the write lock', async () => {
    const { path, storage } = openTestStorage();
    const other = openSqliteFile(path);
    other.exec('BEGIN IMMEDIATE');
    const write = storage.tickets.create({ raw_text: 'x', source: 'web' });
    await sleep(10);
    expect(await storage.tickets.findById(1)).toBeUndefined();
    other.exec('COMMIT');
    expect(await write).toMatchObject({ id: 1 });
  });
});

describe('openDatabase', () => {
  it('sets durable commits, foreign keys and a timeout for locks', () => {
    const sqlite = openDatabase(`${temporaryFolder()}/app.db`);
    onTestFinished(() => void sqlite.close());
    const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'];
    const FULL = 2;
    expect(pragmas.map((name) => sqlite.pragma(name, { simple: true }))).toEqual(['wal', FULL, 1, 5000]);
  });
});

describe('the schema', () => {
  it('rejects an unknown status', () => {
    const sqlite = openSqliteFile(openTestStorage().path);
    const insert = sqlite.prepare("INSERT INTO tickets (source, raw_text, status) VALUES ('web', 'x', ?)");
    expect(() => insert.run('lost')).toThrow('CHECK constraint failed: tickets_status');
    for (const status of ['new', 'processing', 'done', 'failed']) insert.run(status);
  });

  it('rejects a result without a ticket, and a second result of a ticket', () => {
    const sqlite = openSqliteFile(openTestStorage().path);
    sqlite.exec("INSERT INTO tickets (source, raw_text) VALUES ('web', 'x')");
    const insert =
      sqlite.prepare(`INSERT INTO results (ticket_id, summary, category, reply_draft, model, prompt_version)
      VALUES (?, 's', 'other', 'r', 'm', 'v1')`);
    expect(() => insert.run(99)).toThrow('FOREIGN KEY constraint failed');
    insert.run(1);
    expect(() => insert.run(1)).toThrow('UNIQUE constraint failed: results.ticket_id');
  });
});
