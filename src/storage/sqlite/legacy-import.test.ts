import { expect, onTestFinished, test } from 'vitest';
import { drizzleKit, openSqliteFile, schemaOf } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { makePythonDatabase } from '../../testing/python-app.ts';
import { openStorage } from '../open.ts';

const T = (created_at: string) => ({ created_at });

test.each([{ metadata: false }, { metadata: true }])(
  "the Python app's database is taken over with all its rows ($metadata)",
  async ({ metadata }) => {
    const path = `${temporaryFolder()}/app.db`;
    makePythonDatabase(path, { metadata });
    const store = openStorage(path);
    onTestFinished(() => store.close());
    expect(await store.tickets.findById(1)).toEqual({
      ...{ id: 1, created_at: '2026-02-17T16:35:05Z', source: 'email', raw_text: 'I cannot login 😀', status: 'done' },
    });
    expect(await store.tickets.findById(2)).toMatchObject({ created_at: '2026-02-17T16:35:06Z' });
    const none = { openai_request_id: null, latency_ms: null, input_tokens: null, output_tokens: null };
    expect(await store.results.findByTicketId(1)).toEqual({
      ...{ id: 1, ticket_id: 1, summary: 'Cannot log in.', category: 'auth/login', reply_draft: 'Hello' },
      ...{ model: 'dummy', prompt_version: 'v1', created_at: '2026-02-17T16:36:05Z' },
      ...{ ...none, total_tokens: null, cached_tokens: null },
    });
    const kept = { openai_request_id: 'req_9', latency_ms: 812, input_tokens: 300, output_tokens: 90 };
    expect(await store.results.findByTicketId(3)).toMatchObject({
      ...{ id: 5, summary: 'A race.' },
      ...(metadata ? { ...kept, total_tokens: 390, cached_tokens: 0 } : none),
    });
    expect(await store.tickets.create({ raw_text: 'x', source: 'web' })).toMatchObject({ id: 10 });
  },
);

test("the Python app's statuses are brought to the truth", async () => {
  const path = `${temporaryFolder()}/app.db`;
  makePythonDatabase(path, { metadata: true });
  openStorage(path).close();
  const statuses = openSqliteFile(path).prepare('SELECT id, status FROM tickets ORDER BY id').raw().all();
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
  openStorage(`${folder}/server.db`).close();
  drizzleKit('migrate', { DATABASE_URL: `sqlite+pysqlite:///${folder}/kit.db` });
  for (const table of ['tickets', 'results', 'alembic_version', 'sqlite_sequence']) {
    const rows = (name: string) => openSqliteFile(`${folder}/${name}.db`).prepare(`SELECT * FROM ${table}`).all();
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
  const sqlite = openSqliteFile(path);
  sqlite.exec(change);
  openStorage(path).close();
  expect(sqlite.prepare(`SELECT * FROM ${table} WHERE id = ?`).get(id)).toMatchObject(expected);
});

test('where the old columns allowed NULL, a ticket without a source is from the web', () => {
  const path = `${temporaryFolder()}/app.db`;
  const sqlite = openSqliteFile(path);
  sqlite.exec(`CREATE TABLE tickets (id INTEGER PRIMARY KEY, created_at DATETIME, source VARCHAR(50), raw_text TEXT, status VARCHAR(20));
    INSERT INTO tickets VALUES (1, NULL, NULL, 'x', NULL)`);
  openStorage(path).close();
  const now = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  expect(sqlite.prepare('SELECT * FROM tickets').get()).toEqual({
    ...{ id: 1, created_at: now, source: 'web', raw_text: 'x', status: 'new' },
  });
});

test.each(['tickets', 'results'])('a column of %s that would be lost ends the start', (table) => {
  const path = `${temporaryFolder()}/app.db`;
  makePythonDatabase(path, { metadata: true });
  const sqlite = openSqliteFile(path);
  sqlite.exec(`ALTER TABLE ${table} ADD COLUMN customer TEXT`);
  expect(() => openStorage(path)).toThrow('tickets and results have only the documented columns');
});

test('after that the file still reads as the Python app reads it', () => {
  const path = `${temporaryFolder()}/app.db`;
  makePythonDatabase(path, { metadata: true });
  openStorage(path).close();
  const sqlite = openSqliteFile(path);
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
  const sqlite = openSqliteFile(path);
  sqlite.pragma('foreign_keys = OFF');
  sqlite.exec('DELETE FROM tickets WHERE id = 3');
  const before = schemaOf(sqlite);
  expect(() => openStorage(path)).toThrow(
    /^DATABASE_URL: cannot use .+: migration 0000_init failed, nothing is changed: row 5 of \w+ refers to a row of \w+ that does not exist$/,
  );
  expect(schemaOf(sqlite)).toEqual(before);
});
