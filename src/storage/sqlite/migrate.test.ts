import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { drizzleKit, openSqliteFile, openTestStorage, schemaOf } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { makePythonDatabase } from '../../testing/python-app.ts';
import { ROOT } from '../../testing/server-process.ts';
import { startServers } from '../../testing/servers.ts';
import { openSqlite } from './client.ts';
import { migrate } from './migrate.ts';

const MIGRATIONS = `${ROOT}drizzle/sqlite`;

function journalEntries(): { when: number; tag: string }[] {
  return JSON.parse(readFileSync(`${MIGRATIONS}/meta/_journal.json`, 'utf8')).entries;
}

/** Copies the migrations into a folder and adds another one. */
function addMigration(folder: string, tag: string, statements: string[]): string {
  const copy = `${folder}/drizzle`;
  cpSync(MIGRATIONS, copy, { recursive: true });
  const entries = [...journalEntries(), { idx: 99, version: '6', when: Date.now(), tag, breakpoints: true }];
  const journal = { version: '7', dialect: 'sqlite', entries };
  writeFileSync(`${copy}/meta/_journal.json`, JSON.stringify(journal));
  writeFileSync(`${copy}/${tag}.sql`, statements.join('--> statement-breakpoint\n'));
  return copy;
}

describe('the migrations', () => {
  it('match the schema', () => {
    const folder = temporaryFolder();
    cpSync(MIGRATIONS, `${folder}/drizzle`, { recursive: true });
    const schema = `${ROOT}src/storage/sqlite/schema.ts`;
    const config = `export default { dialect: 'sqlite', schema: '${schema}', out: './drizzle' };`;
    writeFileSync(`${folder}/drizzle.config.ts`, config);
    expect(drizzleKit('generate', {}, folder)).toMatch('No schema changes');
  });

  it('are listed in the order of their creation', () => {
    const created = journalEntries().map(({ when }) => when);
    expect(created.length).toBeGreaterThan(1);
    expect(created).toEqual(created.toSorted((a, b) => a - b));
  });
});

describe('migrate', () => {
  it('creates the same tables as `drizzle-kit migrate`, and each accepts what the other has applied', () => {
    const folder = temporaryFolder();
    openSqlite(`${folder}/server.db`).close();
    drizzleKit('migrate', { DATABASE_URL: `${folder}/kit.db` });
    const [server, kit] = [openSqliteFile(`${folder}/server.db`), openSqliteFile(`${folder}/kit.db`)];
    const schema = (sqlite: Database.Database) =>
      schemaOf(sqlite).filter((row) => (row as { name: string }).name !== '__drizzle_migrations');
    const names = schema(server).map((row) => (row as { name: string }).name);
    expect(names).toEqual(expect.arrayContaining(['tickets', 'results', 'runs', 'results_ticket_id_unique']));
    expect(schema(kit)).toEqual(schema(server));

    drizzleKit('migrate', { DATABASE_URL: `${folder}/server.db` });
    expect(openTestStorage({}, `${folder}/kit.db`).storage.appliedMigrations).toEqual([]);
    const applied = 'SELECT hash, created_at FROM __drizzle_migrations';
    expect(server.prepare(applied).all()).toEqual(kit.prepare(applied).all());
  });

  it('returns the names of the migrations that it applies', () => {
    const { path, storage } = openTestStorage();
    expect(storage.appliedMigrations).toEqual(journalEntries().map(({ tag }) => tag));
    expect(openTestStorage({}, path).storage.appliedMigrations).toEqual([]);
  });

  it('changes nothing if a migration fails', () => {
    const folder = temporaryFolder();
    const migrations = addMigration(folder, '9999_bad', ['CREATE TABLE half (id);', 'CREATE TABEL x;']);
    const sqlite = openSqliteFile(`${folder}/app.db`);
    expect(() => migrate(sqlite, migrations)).toThrow(
      'migration 9999_bad failed, the database is unchanged: near "TABEL"',
    );
    expect(schemaOf(sqlite)).toEqual([]);
  });

  it('refuses a database that a newer version has migrated', () => {
    const { path } = openTestStorage();
    openSqliteFile(path).exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)");
    expect(() => openSqlite(path)).toThrow('a newer version of the service has migrated it');
  });

  it('rebuilds a table that other rows refer to, as drizzle-kit writes it', () => {
    const folder = temporaryFolder();
    makePythonDatabase(`${folder}/app.db`, { metadata: true });
    openSqlite(`${folder}/app.db`).close();
    const columns =
      '`id` integer PRIMARY KEY, `created_at` text, `source` text, `raw_text` text, `status` text, `category` text';
    const migrations = addMigration(folder, '9999_rebuild', [
      'PRAGMA foreign_keys=OFF;',
      `CREATE TABLE \`__new_tickets\` (${columns});`,
      'INSERT INTO `__new_tickets` SELECT * FROM `tickets`;',
      'DROP TABLE `tickets`;',
      'ALTER TABLE `__new_tickets` RENAME TO `tickets`;',
      'PRAGMA foreign_keys=ON;',
    ]);
    const sqlite = openSqliteFile(`${folder}/app.db`);
    expect(migrate(sqlite, migrations)).toEqual(['9999_rebuild']);
    const join = 'SELECT count(*) FROM results JOIN tickets ON tickets.id = ticket_id';
    expect(sqlite.prepare(join).pluck().get()).toBe(2);
    expect(sqlite.pragma('foreign_keys', { simple: true })).toBe(1);
  });

  it('applies each migration once when several servers start at the same time on a new file', async () => {
    const { folder, servers } = await startServers(4);
    const applied = servers.flatMap(({ output }) => JSON.parse(output.text.split('\n')[0] ?? '').migrations);
    expect(applied).toEqual(journalEntries().map(({ tag }) => tag));
    const rows = openSqliteFile(`${folder}/data/app.db`).prepare('SELECT count(*) FROM __drizzle_migrations');
    expect(rows.pluck().get()).toBe(journalEntries().length);
  });
});
