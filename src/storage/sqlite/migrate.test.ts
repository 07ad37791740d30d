import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { drizzleKit, openSqliteFile, schemaOf } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { makePythonDatabase } from '../../testing/python-app.ts';
import { openStorage } from '../open.ts';
import { migrate } from './migrate.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

test('the server and `drizzle-kit migrate` make the same tables, and find each other to have done it', () => {
  const folder = temporaryFolder();
  openStorage(`${folder}/server.db`).close();
  drizzleKit('migrate', { DATABASE_URL: `${folder}/kit.db` });
  const [server, kit] = [openSqliteFile(`${folder}/server.db`), openSqliteFile(`${folder}/kit.db`)];
  const tables = schemaOf(server).map((row) => (row as { name: string }).name);
  expect(tables).toEqual(expect.arrayContaining(['tickets', 'results', 'results_ticket_id_unique']));
  const withoutBooks = (sqlite: Database.Database) =>
    schemaOf(sqlite).filter((row) => (row as { name: string }).name !== '__drizzle_migrations');
  expect(withoutBooks(kit)).toEqual(withoutBooks(server));

  drizzleKit('migrate', { DATABASE_URL: `${folder}/server.db` });
  openStorage(`${folder}/kit.db`).close();
  const applied = 'SELECT hash, created_at FROM __drizzle_migrations';
  expect(server.prepare(applied).all()).toEqual(kit.prepare(applied).all());
});

test('the migrations are those that the schema asks for', () => {
  const folder = temporaryFolder();
  cpSync(`${ROOT}drizzle`, `${folder}/drizzle`, { recursive: true });
  const config = `export default { dialect: 'sqlite', schema: '${ROOT}src/storage/sqlite/schema.ts', out: './drizzle' };`;
  writeFileSync(`${folder}/drizzle.config.ts`, config);
  expect(drizzleKit('generate', {}, folder)).toMatch('No schema changes');
});

test('the file of migrations lists them in the order in which they were made', () => {
  const { entries } = JSON.parse(readFileSync(`${ROOT}drizzle/meta/_journal.json`, 'utf8'));
  const made = entries.map(({ when }: { when: number }) => when);
  expect(made).toEqual(made.toSorted((a: number, b: number) => a - b));
});

test('a migration is applied whole or not at all', () => {
  const folder = temporaryFolder();
  cpSync(`${ROOT}drizzle`, `${folder}/drizzle`, { recursive: true });
  const journal = JSON.parse(readFileSync(`${folder}/drizzle/meta/_journal.json`, 'utf8'));
  journal.entries.push({ idx: 9, version: '6', when: Date.now(), tag: '0001_bad', breakpoints: true });
  writeFileSync(`${folder}/drizzle/meta/_journal.json`, JSON.stringify(journal));
  writeFileSync(`${folder}/drizzle/0001_bad.sql`, 'CREATE TABLE half (id);\n--> statement-breakpoint\nCREATE TABEL x;');
  const sqlite = openSqliteFile(`${folder}/app.db`);
  expect(() => migrate(sqlite, `${folder}/drizzle`)).toThrow(
    'migration 0001_bad failed, nothing is changed: near "TABEL"',
  );
  expect(schemaOf(sqlite)).toEqual([]);
});

test('a table with rows that refer to it can be built anew, as drizzle-kit writes it', () => {
  const folder = temporaryFolder();
  makePythonDatabase(`${folder}/app.db`, { metadata: true });
  openStorage(`${folder}/app.db`).close();
  cpSync(`${ROOT}drizzle`, `${folder}/drizzle`, { recursive: true });
  const journal = JSON.parse(readFileSync(`${folder}/drizzle/meta/_journal.json`, 'utf8'));
  journal.entries.push({ idx: 9, version: '6', when: Date.now(), tag: '0001_rebuild', breakpoints: true });
  writeFileSync(`${folder}/drizzle/meta/_journal.json`, JSON.stringify(journal));
  const statements = [
    'PRAGMA foreign_keys=OFF;',
    'CREATE TABLE `__new_tickets` (`id` integer PRIMARY KEY, `created_at` text, `source` text, `raw_text` text, `status` text);',
    'INSERT INTO `__new_tickets` SELECT * FROM `tickets`;',
    'DROP TABLE `tickets`;',
    'ALTER TABLE `__new_tickets` RENAME TO `tickets`;',
    'PRAGMA foreign_keys=ON;',
  ];
  writeFileSync(`${folder}/drizzle/0001_rebuild.sql`, statements.join('--> statement-breakpoint\n'));
  const sqlite = openSqliteFile(`${folder}/app.db`);
  migrate(sqlite, `${folder}/drizzle`);
  expect(sqlite.prepare('SELECT count(*) FROM results JOIN tickets ON tickets.id = ticket_id').pluck().get()).toBe(2);
  expect(sqlite.pragma('foreign_keys', { simple: true })).toBe(1);
});

test('servers that start at the same time on a new file apply each migration once', async () => {
  const path = `${temporaryFolder()}/app.db`;
  const script = `import { openStorage } from '${ROOT}src/storage/open.ts'; openStorage('${path}').close();`;
  const children = Array.from({ length: 4 }, () => spawn(process.execPath, ['--input-type=module', '-e', script]));
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
  expect(codes).toEqual([0, 0, 0, 0]);
  const { entries } = JSON.parse(readFileSync(`${ROOT}drizzle/meta/_journal.json`, 'utf8'));
  const applied = openSqliteFile(path).prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get();
  expect(applied).toBe(entries.length);
});
