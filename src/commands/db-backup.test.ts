import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { backupDatabase } from '../storage/sqlite/backup.ts';
import { runBundledCommand, runCommand } from '../testing/command.ts';
import { damageTickets } from '../testing/damage.ts';
import { createDatabaseFolder, openSqliteFile, openTestStorage } from '../testing/database.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { startServer } from '../testing/server-process.ts';

describe('npm run db:backup', () => {
  it('copies every ticket that was acknowledged before it, also while a server writes', async () => {
    const folder = temporaryFolder();
    const { post } = await startServer({}, folder);
    const acknowledged: number[] = [];
    const stop = new AbortController();
    const client = async () => {
      while (!stop.signal.aborted) {
        const response = await post('/tickets', { raw_text: 'x'.repeat(10_000) });
        acknowledged.push(((await response.json()) as { id: number }).id);
        await sleep(5);
      }
    };
    const clients = Promise.all(Array.from({ length: 4 }, client));
    try {
      await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(100);
      const before = [...acknowledged];
      const stdout = 'Copied ./data/app.db to copy.db.\n';
      expect(await runBundledCommand('db-backup', folder, ['copy.db'])).toEqual({ code: 0, stdout, stderr: '' });
      expect(acknowledged.length).toBeGreaterThan(before.length);

      expect(readdirSync(folder).toSorted()).toEqual(['copy.db', 'data']);
      const copy = openSqliteFile(`${folder}/copy.db`);
      expect(copy.pragma('journal_mode', { simple: true })).toBe('delete');
      expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
      const stored = new Set(copy.prepare('SELECT id FROM tickets').pluck().all());
      expect(before.filter((id) => !stored.has(id))).toEqual([]);
      const { storage } = openTestStorage({}, `${folder}/copy.db`);
      expect(await storage.tickets.findById(before.at(-1) as number)).toMatchObject({ raw_text: 'x'.repeat(10_000) });
    } finally {
      stop.abort();
      await clients;
    }
  });

  it.each([
    ['from its sources', runCommand],
    ['as a bundle', runBundledCommand],
  ])('%s: does not replace an existing file', async (_name, run) => {
    const folder = createDatabaseFolder(1);
    writeFileSync(`${folder}/copy.db`, 'mine');
    const stderr = 'Backup failed: copy.db already exists\n';
    expect(await run('db-backup', folder, ['copy.db'])).toEqual({ code: 1, stdout: '', stderr });
    expect(readFileSync(`${folder}/copy.db`, 'utf8')).toBe('mine');
  });

  it('fails if there is no database, and creates none', async () => {
    const folder = temporaryFolder();
    const stderr = 'Backup failed: there is no database ./data/app.db\n';
    expect(await runBundledCommand('db-backup', folder, ['copy.db'])).toEqual({ code: 1, stdout: '', stderr });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('fails for a damaged database and leaves nothing behind', async () => {
    const folder = createDatabaseFolder(1000);
    damageTickets(`${folder}/data/app.db`);
    const stderr = 'Backup failed: the copy is damaged, and probably the database too: run npm run db:check\n';
    expect(await runBundledCommand('db-backup', folder, ['copy.db'])).toEqual({ code: 1, stdout: '', stderr });
    expect(readdirSync(folder)).toEqual(['data']);
  });

  it('prints its usage with --help', async () => {
    const stdout = expect.stringMatching(/^Usage: npm run db:backup -- FILE\n/);
    expect(await runBundledCommand('db-backup', temporaryFolder(), ['--help'])).toEqual({
      code: 0,
      stdout,
      stderr: '',
    });
  });

  it.each([
    ['no file', []],
    ['two files', ['a', 'b']],
  ])('exits with 1 and prints its usage for %s', async (_name, args) => {
    const folder = temporaryFolder();
    const stderr = expect.stringMatching(/^Usage: npm run db:backup -- FILE\n/);
    expect(await runBundledCommand('db-backup', folder, args)).toEqual({ code: 1, stdout: '', stderr });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('backupDatabase', () => {
  it('makes one of several simultaneous backups to the same file', async () => {
    const folder = createDatabaseFolder(5000);
    const backups = [1, 2, 3].map(() => backupDatabase(`${folder}/data/app.db`, `${folder}/copy.db`));
    const outcomes = await Promise.allSettled(backups);
    const rejected = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(rejected).toHaveLength(2);
    for (const { reason } of rejected) expect(reason.message).toMatch(/copy\.db already exists$/);
    expect(readdirSync(folder).toSorted()).toEqual(['copy.db', 'data']);
    expect(openSqliteFile(`${folder}/copy.db`).prepare('SELECT count(*) FROM tickets').pluck().get()).toBe(5000);
  });

  it('leaves nothing behind when it is aborted', async () => {
    const folder = createDatabaseFolder(5000);
    const signal = AbortSignal.abort(new Error('SIGTERM'));
    await expect(backupDatabase(`${folder}/data/app.db`, `${folder}/copy.db`, signal)).rejects.toThrow('SIGTERM');
    expect(readdirSync(folder)).toEqual(['data']);
  });

  it('gives the copy the permissions of the database', async () => {
    const folder = createDatabaseFolder(1);
    chmodSync(`${folder}/data/app.db`, 0o600);
    await backupDatabase(`${folder}/data/app.db`, `${folder}/copy.db`);
    expect(statSync(`${folder}/copy.db`).mode & 0o777).toBe(0o600);
  });
});
