import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { damage } from '../../testing/damage.ts';
import { openSqliteFile } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { spawnServer, startServer } from '../../testing/server-process.ts';
import { openStorage } from '../open.ts';

/** A database file with so many tickets, and with text that nobody else may see. */
function file(tickets = 1000) {
  const path = `${temporaryFolder()}/app.db`;
  openStorage(path).close();
  const sqlite = openSqliteFile(path);
  const insert = sqlite.prepare("INSERT INTO tickets (source, raw_text) VALUES ('web', ?)");
  sqlite.transaction(() => {
    for (let n = 0; n < tickets; n += 1) insert.run(`canary ${n} ${'x'.repeat(500)}`);
  })();
  sqlite.close();
  return path;
}

function overwrite(path: string, offset: number, text: string): void {
  const bytes = readFileSync(path);
  bytes.write(text, offset);
  writeFileSync(path, bytes);
}

const DAMAGED = 'it is damaged; stop every server that uses it and put a backup in its place (README, "Backup")';

test.each([
  ['a page of garbage', damage, DAMAGED],
  ['half of it missing', (path: string) => truncateSync(path, statSync(path).size / 2), DAMAGED],
  ['its last page missing', (path: string) => truncateSync(path, statSync(path).size - 4096), DAMAGED],
  ['a list of tables that is garbage', (path: string) => overwrite(path, 100, 'canary '.repeat(500)), DAMAGED],
  [
    'a beginning that is garbage',
    (path: string) => overwrite(path, 0, 'canary '.repeat(10)),
    `it is not a SQLite database, or damaged; if it was one, ${DAMAGED.slice('it is damaged; '.length)}`,
  ],
])('a database with %s ends the start with code 1 and one line that says what to do', async (_name, harm, reason) => {
  const path = file();
  harm(path);
  const { exit, output } = spawnServer({ DATABASE_URL: path, LOG_LEVEL: 'silent' }, temporaryFolder());
  expect(await exit).toBe(1);
  expect(output.text).toBe(`DATABASE_URL: cannot use ${path}: ${reason}\n`);
});

test('a healthy database starts, also one that a killed server left', async () => {
  const path = file();
  const first = await startServer({ DATABASE_URL: path }, temporaryFolder());
  expect((await first.post('/tickets', { raw_text: 'x' })).status).toBe(201);
  first.child.kill('SIGKILL');
  await first.exit;
  const { url } = await startServer({ DATABASE_URL: path }, temporaryFolder());
  expect((await fetch(`${url}/tickets/1001`)).status).toBe(200);
});
