import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../testing/folder.ts';
import { makePythonDatabase } from '../testing/python-app.ts';
import { migrate } from './migrate.ts';
import { openStore } from './store.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function drizzleKit(command: string, environment: Record<string, string>): string {
  const env = { ...process.env, ...environment };
  return execFileSync(process.execPath, [`${ROOT}node_modules/drizzle-kit/bin.cjs`, command], {
    cwd: ROOT,
    env,
  }).toString();
}

function open(path: string): Database.Database {
  const sqlite = new Database(path);
  onTestFinished(() => void sqlite.close());
  return sqlite;
}

const T = (created_at: string) => ({ created_at });

const schemaOf = (sqlite: Database.Database) =>
  sqlite.prepare("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' ORDER BY name").all();

test('the server and `drizzle-kit migrate` make the same tables, and find each other to have done it', () => {
  const folder = temporaryFolder();
  openStore(`${folder}/server.db`).close();
  drizzleKit('migrate', { DATABASE_URL: `${folder}/kit.db` });
  const [server, kit] = [open(`${folder}/server.db`), open(`${folder}/kit.db`)];
  const tables = schemaOf(server).map((row) => (row as { name: string }).name);
  expect(tables).toEqual(expect.arrayContaining(['tickets', 'results', 'results_ticket_id_unique']));
  const withoutBooks = (sqlite: Database.Database) =>
    schemaOf(sqlite).filter((row) => (row as { name: string }).name !== '__drizzle_migrations');
  expect(withoutBooks(kit)).toEqual(withoutBooks(server));

  drizzleKit('migrate', { DATABASE_URL: `${folder}/server.db` });
  openStore(`${folder}/kit.db`).close();
  const applied = 'SELECT hash, created_at FROM __drizzle_migrations';
  expect(server.prepare(applied).all()).toEqual(kit.prepare(applied).all());
});

test('the migrations are those that the schema asks for', () => {
  const folder = temporaryFolder();
  cpSync(`${ROOT}drizzle`, `${folder}/drizzle`, { recursive: true });
  const config = `export default { dialect: 'sqlite', schema: '${ROOT}src/db/schema.ts', out: './drizzle' };`;
  writeFileSync(`${folder}/drizzle.config.ts`, config);
  const kit = `${ROOT}node_modules/drizzle-kit/bin.cjs`;
  expect(execFileSync(process.execPath, [kit, 'generate'], { cwd: folder }).toString()).toMatch('No schema changes');
});

test.each([{ metadata: false }, { metadata: true }])(
  "the Python app's database is taken over with all its rows ($metadata)",
  async ({ metadata }) => {
    const path = `${temporaryFolder()}/app.db`;
    makePythonDatabase(path, { metadata });
    const store = openStore(path);
    onTestFinished(() => store.close());
    expect(await store.tickets.find(1)).toEqual({
      ...{ id: 1, created_at: '2026-02-17T16:35:05Z', source: 'email', raw_text: 'I cannot login 😀', status: 'done' },
    });
    expect(await store.tickets.find(2)).toMatchObject({ created_at: '2026-02-17T16:35:06Z' });
    const none = { openai_request_id: null, latency_ms: null, input_tokens: null, output_tokens: null };
    expect(await store.results.findByTicket(1)).toEqual({
      ...{ id: 1, ticket_id: 1, summary: 'Cannot log in.', category: 'auth/login', reply_draft: 'Hello' },
      ...{ model: 'dummy', prompt_version: 'v1', created_at: '2026-02-17T16:36:05Z' },
      ...{ ...none, total_tokens: null, cached_tokens: null },
    });
    const kept = { openai_request_id: 'req_9', latency_ms: 812, input_tokens: 300, output_tokens: 90 };
    expect(await store.results.findByTicket(3)).toMatchObject({
      ...{ id: 5, summary: 'A race.' },
      ...(metadata ? { ...kept, total_tokens: 390, cached_tokens: 0 } : none),
    });
    expect(await store.tickets.create({ raw_text: 'x', source: 'web' })).toMatchObject({ id: 10 });
  },
);

test("the Python app's statuses are brought to the truth", async () => {
  const path = `${temporaryFolder()}/app.db`;
  makePythonDatabase(path, { metadata: true });
  openStore(path).close();
  const statuses = open(path).prepare('SELECT id, status FROM tickets').raw().all();
  expect(statuses).toEqual([
    [1, 'done'],
    [2, 'failed'],
    [3, 'done'],
    [4, 'failed'],
    [9, 'new'],
  ]);
});

test('`drizzle-kit migrate` takes it over in the same way', () => {
  const folder = temporaryFolder();
  for (const name of ['server', 'kit']) makePythonDatabase(`${folder}/${name}.db`, { metadata: false });
  openStore(`${folder}/server.db`).close();
  drizzleKit('migrate', { DATABASE_URL: `sqlite+pysqlite:///${folder}/kit.db` });
  for (const table of ['tickets', 'results', 'alembic_version', 'sqlite_sequence']) {
    const rows = (name: string) => open(`${folder}/${name}.db`).prepare(`SELECT * FROM ${table}`).all();
    expect(rows('kit')).toEqual(rows('server'));
  }
});

test.each([
  ['a status in capitals', "UPDATE tickets SET status = 'NEW' WHERE id = 9", 'tickets', 9, { status: 'new' }],
  ['`done` without a result', "UPDATE tickets SET status = 'done' WHERE id = 4", 'tickets', 4, { status: 'failed' }],
  ['a number with a fraction', 'UPDATE results SET latency_ms = 811.7 WHERE id = 5', 'results', 5, { latency_ms: 812 }],
  ['a word for a number', "UPDATE results SET input_tokens = 'n/a' WHERE id = 5", 'results', 5, { input_tokens: null }],
  ['a time with T', "UPDATE tickets SET created_at = '2026-02-17T16:35:05.5'", 'tickets', 1, T('2026-02-17 16:35:05')],
  [
    'a time with an offset',
    "UPDATE tickets SET created_at = '2026-02-17 18:35:05+02:00'",
    'tickets',
    1,
    T('2026-02-17 16:35:05'),
  ],
  ['a time as a number', 'UPDATE tickets SET created_at = 1771346105', 'tickets', 1, T('2026-02-17 16:35:05')],
])('%s is understood', (_name, change, table, id, expected) => {
  const path = `${temporaryFolder()}/app.db`;
  makePythonDatabase(path, { metadata: true });
  const sqlite = open(path);
  sqlite.exec(change);
  openStore(path).close();
  expect(sqlite.prepare(`SELECT * FROM ${table} WHERE id = ?`).get(id)).toMatchObject(expected);
});

test('where the old columns allowed NULL, a ticket without a source is from the web', () => {
  const path = `${temporaryFolder()}/app.db`;
  const sqlite = open(path);
  sqlite.exec(`CREATE TABLE tickets (id INTEGER PRIMARY KEY, created_at DATETIME, source VARCHAR(50), raw_text TEXT, status VARCHAR(20));
    INSERT INTO tickets VALUES (1, NULL, NULL, 'x', NULL)`);
  openStore(path).close();
  const now = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  expect(sqlite.prepare('SELECT * FROM tickets').get()).toEqual({
    ...{ id: 1, created_at: now, source: 'web', raw_text: 'x', status: 'new' },
  });
});

test.each(['tickets', 'results'])('a column of %s that would be lost ends the start', (table) => {
  const path = `${temporaryFolder()}/app.db`;
  makePythonDatabase(path, { metadata: true });
  const sqlite = open(path);
  sqlite.exec(`ALTER TABLE ${table} ADD COLUMN customer TEXT`);
  expect(() => openStore(path)).toThrow('tickets and results have only the documented columns');
});

test('the file of migrations lists them in the order in which they were made', () => {
  const { entries } = JSON.parse(readFileSync(`${ROOT}drizzle/meta/_journal.json`, 'utf8'));
  const made = entries.map(({ when }: { when: number }) => when);
  expect(made).toEqual(made.toSorted((a: number, b: number) => a - b));
});

test('after that the file still reads as the Python app reads it', () => {
  const path = `${temporaryFolder()}/app.db`;
  makePythonDatabase(path, { metadata: true });
  openStore(path).close();
  const sqlite = open(path);
  expect(sqlite.prepare('SELECT version_num FROM alembic_version').pluck().all()).toEqual(['1f0c2a9d7b3e']);
  const row = sqlite
    .prepare(
      `SELECT tickets.id, tickets.created_at, results.summary, results.total_tokens
       FROM tickets JOIN results ON results.ticket_id = tickets.id WHERE tickets.id = 3`,
    )
    .raw()
    .get();
  expect(row).toEqual([3, '2026-02-17 16:35:07', 'A race.', 390]);
});

test('a result without a ticket in the old file ends the start with a clear line and leaves the file as it was', () => {
  const path = `${temporaryFolder()}/app.db`;
  makePythonDatabase(path, { metadata: true });
  const sqlite = open(path);
  sqlite.pragma('foreign_keys = OFF');
  sqlite.exec('DELETE FROM tickets WHERE id = 3');
  const before = schemaOf(sqlite);
  expect(() => openStore(path)).toThrow(
    /^DATABASE_URL: cannot use .+: the migration made at \S+ failed, nothing is changed: row 5 of \w+ refers to a row of \w+ that does not exist$/,
  );
  expect(schemaOf(sqlite)).toEqual(before);
});

test('a migration is applied whole or not at all', () => {
  const folder = temporaryFolder();
  cpSync(`${ROOT}drizzle`, `${folder}/drizzle`, { recursive: true });
  const journal = JSON.parse(readFileSync(`${folder}/drizzle/meta/_journal.json`, 'utf8'));
  journal.entries.push({ idx: 1, version: '6', when: Date.now(), tag: '0001_bad', breakpoints: true });
  writeFileSync(`${folder}/drizzle/meta/_journal.json`, JSON.stringify(journal));
  writeFileSync(`${folder}/drizzle/0001_bad.sql`, 'CREATE TABLE half (id);\n--> statement-breakpoint\nCREATE TABEL x;');
  const sqlite = open(`${folder}/app.db`);
  expect(() => migrate(sqlite, `${folder}/drizzle`)).toThrow('failed, nothing is changed: near "TABEL"');
  expect(schemaOf(sqlite)).toEqual([]);
});

test('a table with rows that refer to it can be built anew, as drizzle-kit writes it', () => {
  const folder = temporaryFolder();
  makePythonDatabase(`${folder}/app.db`, { metadata: true });
  openStore(`${folder}/app.db`).close();
  cpSync(`${ROOT}drizzle`, `${folder}/drizzle`, { recursive: true });
  const journal = JSON.parse(readFileSync(`${folder}/drizzle/meta/_journal.json`, 'utf8'));
  journal.entries.push({ idx: 1, version: '6', when: Date.now(), tag: '0001_rebuild', breakpoints: true });
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
  const sqlite = open(`${folder}/app.db`);
  migrate(sqlite, `${folder}/drizzle`);
  expect(sqlite.prepare('SELECT count(*) FROM results JOIN tickets ON tickets.id = ticket_id').pluck().get()).toBe(2);
  expect(sqlite.pragma('foreign_keys', { simple: true })).toBe(1);
});

test('servers that start at the same time on a new file apply each migration once', async () => {
  const path = `${temporaryFolder()}/app.db`;
  const script = `import { openStore } from '${ROOT}src/db/store.ts'; openStore('${path}').close();`;
  const children = Array.from({ length: 4 }, () => spawn(process.execPath, ['--input-type=module', '-e', script]));
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
  expect(codes).toEqual([0, 0, 0, 0]);
  expect(open(path).prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get()).toBe(1);
});
