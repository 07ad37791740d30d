import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openStorage } from '../storage/open.ts';
import { backupDatabase } from '../storage/sqlite/backup.ts';
import { damage } from '../testing/damage.ts';
import { openSqliteFile } from '../testing/database.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { ROOT, startServer } from '../testing/server-process.ts';

/** What `npm run db:backup` does in this folder, with the database `data/app.db` there. */
async function backup(cwd: string, ...args: string[]) {
  const child = spawn(process.execPath, [`${ROOT}src/backup.ts`, ...args], { cwd, env: {} });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  return { code, output };
}

/** A folder with a database of so many tickets. */
function folderWith(tickets: number) {
  const folder = temporaryFolder();
  openStorage(`${folder}/data/app.db`).close();
  const insert = openSqliteFile(`${folder}/data/app.db`).prepare(
    'INSERT INTO tickets (source, raw_text) VALUES (?, ?)',
  );
  for (let n = 0; n < tickets; n += 1) insert.run('web', 'x'.repeat(1000));
  return folder;
}

test('a backup under load has every ticket acknowledged before it, is whole, one file, and a server starts on it', async () => {
  const folder = temporaryFolder();
  const { post } = await startServer({}, folder);
  const acknowledged: number[] = [];
  let isOver = false;
  const client = async () => {
    while (!isOver) {
      const answer = await post('/tickets', { raw_text: 'x'.repeat(10_000) });
      acknowledged.push(((await answer.json()) as { id: number }).id);
    }
  };
  const clients = Array.from({ length: 10 }, client);
  await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(500);
  const before = [...acknowledged];
  expect(await backup(folder, 'copy.db')).toEqual({ code: 0, output: './data/app.db is backed up to copy.db\n' });
  expect(acknowledged.length).toBeGreaterThan(before.length);
  isOver = true;
  await Promise.all(clients);

  expect(readdirSync(folder).toSorted()).toEqual(['copy.db', 'data']);
  const copy = openSqliteFile(`${folder}/copy.db`);
  expect(copy.pragma('journal_mode', { simple: true })).toBe('delete');
  expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
  const stored = new Set(copy.prepare('SELECT id FROM tickets').pluck().all());
  expect(before.filter((id) => !stored.has(id))).toEqual([]);
  const { url } = await startServer({ DATABASE_URL: `${folder}/copy.db` }, temporaryFolder());
  expect((await fetch(`${url}/tickets/${before.at(-1)}`)).status).toBe(200);
});

test('an existing file is refused, and stays as it is', async () => {
  const folder = folderWith(1);
  writeFileSync(`${folder}/copy.db`, 'mine');
  const refused = { code: 1, output: 'no backup is made: copy.db exists already\n' };
  expect(await backup(folder, 'copy.db')).toEqual(refused);
  expect(readFileSync(`${folder}/copy.db`, 'utf8')).toBe('mine');
});

test('of backups to one file at the same time, one is made', async () => {
  const folder = folderWith(5000);
  const outcomes = await Promise.allSettled(
    [1, 2, 3].map(() => backupDatabase(`${folder}/data/app.db`, `${folder}/copy.db`)),
  );
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason.message).toMatch(/copy\.db exists already$/);
  }
  expect(readdirSync(folder).toSorted()).toEqual(['copy.db', 'data']);
  expect(openSqliteFile(`${folder}/copy.db`).prepare('SELECT count(*) FROM tickets').pluck().get()).toBe(5000);
});

test('a database that does not exist is told, and not made', async () => {
  const folder = temporaryFolder();
  const output = 'no backup is made: there is no database ./data/app.db\n';
  expect(await backup(folder, 'copy.db')).toEqual({ code: 1, output });
  expect(readdirSync(folder)).toEqual([]);
});

test('of a damaged database no backup is made, and nothing left', async () => {
  const folder = folderWith(5000);
  damage(`${folder}/data/app.db`);
  const { code, output } = await backup(folder, 'copy.db');
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/^no backup is made: .+\n$/) });
  expect(readdirSync(folder)).toEqual(['data']);
});

test('a backup that is told to stop leaves nothing', async () => {
  const folder = folderWith(5000);
  const stopped = backupDatabase(`${folder}/data/app.db`, `${folder}/copy.db`, AbortSignal.abort(new Error('SIGTERM')));
  await expect(stopped).rejects.toThrow('SIGTERM');
  expect(readdirSync(folder)).toEqual(['data']);
});

test('a backup is for nobody else than the database is', async () => {
  const folder = folderWith(1);
  chmodSync(`${folder}/data/app.db`, 0o600);
  await backupDatabase(`${folder}/data/app.db`, `${folder}/copy.db`);
  expect(statSync(`${folder}/copy.db`).mode & 0o777).toBe(0o600);
});

test.each([
  ['--help', ['--help'], 0],
  ['no file', [], 1],
  ['two files', ['a', 'b'], 1],
])('%s prints the usage', async (_name, args, code) => {
  const folder = temporaryFolder();
  expect(await backup(folder, ...args)).toEqual({ code, output: expect.stringMatching(/^Usage: npm run db:backup/) });
  expect(readdirSync(folder)).toEqual([]);
});
