import { describe, expect, it } from 'vitest';
import { drizzleKit, openSqliteFile, openTestStorage, schemaOf } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { makePythonDatabase } from '../../testing/python-app.ts';
import { openSqlite } from './client.ts';

/** A database of the Python app. */
function pythonDatabase({ metadata }: { metadata: boolean } = { metadata: true }) {
  const path = `${temporaryFolder()}/app.db`;
  makePythonDatabase(path, { metadata });
  return { path, sqlite: openSqliteFile(path) };
}

describe('legacy import of a database of the Python app', () => {
  it.each([{ metadata: false }, { metadata: true }])('keeps all rows ($metadata)', async ({ metadata }) => {
    const { storage } = openTestStorage({}, pythonDatabase({ metadata }).path);
    expect(await storage.tickets.findById(1)).toEqual({
      id: 1,
      created_at: '2026-02-17T16:35:05Z',
      source: 'email',
      raw_text: 'I cannot login 😀',
      status: 'done',
    });
    expect(await storage.tickets.findById(2)).toMatchObject({ created_at: '2026-02-17T16:35:06Z' });
    const none = {
      openai_request_id: null,
      latency_ms: null,
      input_tokens: null,
      output_tokens: null,
      total_tokens: null,
      cached_tokens: null,
    };
    expect(await storage.results.findByTicketId(1)).toEqual({
      id: 1,
      ticket_id: 1,
      summary: 'Cannot log in.',
      category: 'auth/login',
      reply_draft: 'Hello',
      model: 'dummy',
      prompt_version: 'v1',
      created_at: '2026-02-17T16:36:05Z',
      ...none,
    });
    const kept = {
      openai_request_id: 'req_9',
      latency_ms: 812,
      input_tokens: 300,
      output_tokens: 90,
      total_tokens: 390,
      cached_tokens: 0,
    };
    expect(await storage.results.findByTicketId(3)).toMatchObject({
      id: 5,
      summary: 'A race.',
      ...(metadata ? kept : none),
    });
    expect(await storage.tickets.create({ raw_text: 'x', source: 'web' })).toMatchObject({ id: 10 });
  });

  it('gives each result a successful run', async () => {
    const { storage } = openTestStorage({}, pythonDatabase().path);
    const run = { number: 1, status: 'succeeded', attempts: 1, cost_usd: null, started_at: '2026-02-17T16:36:06Z' };
    expect(await storage.runs.listRuns(3, { limit: 9 })).toEqual([
      expect.objectContaining({ ...run, summary: 'A race.', latency_ms: 812, input_tokens: 300 }),
    ]);
    expect(await storage.runs.listRuns(1, { limit: 9 })).toEqual([
      expect.objectContaining({ number: 1, model: 'dummy', latency_ms: null, input_tokens: null }),
    ]);
    for (const id of [2, 4, 9]) expect(await storage.runs.listRuns(id, { limit: 9 })).toEqual([]);
  });

  it('corrects the statuses', () => {
    const { path, sqlite } = pythonDatabase();
    openSqlite(path).close();
    expect(sqlite.prepare('SELECT id, status FROM tickets ORDER BY id').raw().all()).toEqual([
      [1, 'done'],
      [2, 'failed'],
      [3, 'done'],
      [4, 'failed'],
      [9, 'new'],
    ]);
  });

  it('gives the same rows with `drizzle-kit migrate`', () => {
    const [server, kit] = [pythonDatabase({ metadata: false }), pythonDatabase({ metadata: false })];
    openSqlite(server.path).close();
    drizzleKit('migrate', { DATABASE_URL: `sqlite+pysqlite:///${kit.path}` });
    expect(schemaOf(kit.sqlite).length).toBeGreaterThan(6);
    for (const table of ['tickets', 'results', 'runs', 'usage_daily', 'alembic_version', 'sqlite_sequence']) {
      const rows = `SELECT * FROM ${table}`;
      expect(kit.sqlite.prepare(rows).all()).toEqual(server.sqlite.prepare(rows).all());
    }
  });

  const TIME = { created_at: '2026-02-17 16:35:05' };
  it.each([
    ['a status in capitals', "tickets SET status = 'NEW' WHERE id = 9", 9, { status: 'new' }],
    ['done without a result', "tickets SET status = 'done' WHERE id = 4", 4, { status: 'failed' }],
    ['a number with a fraction', 'results SET latency_ms = 811.7 WHERE id = 5', 5, { latency_ms: 812 }],
    ['a word instead of a number', "results SET input_tokens = 'n/a' WHERE id = 5", 5, { input_tokens: null }],
    ['a time with T', "tickets SET created_at = '2026-02-17T16:35:05.5'", 1, TIME],
    ['a time with an offset', "tickets SET created_at = '2026-02-17 18:35:05+02:00'", 1, TIME],
    ['a time as a number', 'tickets SET created_at = 1771346105', 1, TIME],
  ])('understands %s', (_name, change, id, expected) => {
    const { path, sqlite } = pythonDatabase();
    sqlite.exec(`UPDATE ${change}`);
    openSqlite(path).close();
    const table = change.slice(0, change.indexOf(' '));
    expect(sqlite.prepare(`SELECT * FROM ${table} WHERE id = ?`).get(id)).toMatchObject(expected);
  });

  it('replaces NULL, which older columns allowed, by the defaults', () => {
    const path = `${temporaryFolder()}/app.db`;
    const sqlite = openSqliteFile(path);
    const columns =
      'id INTEGER PRIMARY KEY, created_at DATETIME, source VARCHAR(50), raw_text TEXT, status VARCHAR(20)';
    sqlite.exec(`CREATE TABLE tickets (${columns}); INSERT INTO tickets VALUES (1, NULL, NULL, 'x', NULL)`);
    openSqlite(path).close();
    expect(sqlite.prepare('SELECT * FROM tickets').get()).toEqual({
      id: 1,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      source: 'web',
      raw_text: 'x',
      status: 'new',
    });
  });

  it.each(['tickets', 'results'])('refuses an unknown column of %s, which would be lost', (table) => {
    const { path, sqlite } = pythonDatabase();
    sqlite.exec(`ALTER TABLE ${table} ADD COLUMN customer TEXT`);
    expect(() => openSqlite(path)).toThrow('tickets and results have only the documented columns');
  });

  it('leaves a file that the Python app can read', () => {
    const { path, sqlite } = pythonDatabase();
    openSqlite(path).close();
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

  it('refuses a result without a ticket and leaves the file unchanged', () => {
    const { path, sqlite } = pythonDatabase();
    sqlite.pragma('foreign_keys = OFF');
    sqlite.exec('DELETE FROM tickets WHERE id = 3');
    const before = schemaOf(sqlite);
    const reason = 'row 5 of \\w+ refers to a missing row of \\w+';
    expect(() => openSqlite(path)).toThrow(
      new RegExp(`: migration 0000_init failed, the database is unchanged: ${reason}$`),
    );
    expect(schemaOf(sqlite)).toEqual(before);
  });
});
