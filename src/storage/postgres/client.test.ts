import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StartupError } from '../../errors.ts';
import { HAS_POSTGRES, startPrivatePostgres } from '../../testing/postgres.ts';
import { migrationsFolder, readMigrations } from '../migrations.ts';
import { openStorage } from '../open.ts';

const PASSWORD = 'hunter2hunter2';

/** A server of its own, with a function that executes statements as its administrator. */
async function startServer() {
  const server = await startPrivatePostgres({ fsync: false });
  const client = new pg.Client(server.url);
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  const execute = async (...statements: string[]) => {
    for (const statement of statements) await client.query(statement);
  };
  const urlOf = (database: string, user = 'tester') =>
    Object.assign(new URL(server.url), { pathname: database, username: user, password: PASSWORD }).href;
  return { execute, urlOf };
}

/** The one line with which the start fails. */
async function startError(url: string): Promise<string> {
  const error = await openStorage(url).then(
    async (storage) => storage.close(),
    (error) => error,
  );
  expect(error).toBeInstanceOf(StartupError);
  expect(error.message).toMatch(/^DATABASE_URL: cannot use the PostgreSQL database \w+ at [\w.]+:\d+: .+$/);
  expect(error.message).not.toContain(PASSWORD);
  return error.message;
}

describe('openPostgres', () => {
  it('explains that the server cannot be reached', async () => {
    expect(await startError(`postgres://tester:${PASSWORD}@127.0.0.1:1/app`)).toMatch('ECONNREFUSED');
  });

  it('explains that the host is unknown', async () => {
    expect(await startError(`postgres://tester:${PASSWORD}@db.invalid/app`)).toMatch('ENOTFOUND db.invalid');
  });
});

describe.skipIf(!HAS_POSTGRES)('openPostgres on a server', () => {
  it('explains what is wrong with the database or the role', async () => {
    const { execute, urlOf } = await startServer();
    await execute(
      "CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1'",
      'CREATE ROLE stranger LOGIN',
      'CREATE ROLE lax LOGIN SUPERUSER',
      'ALTER ROLE lax SET synchronous_commit = off',
      'CREATE ROLE strict LOGIN SUPERUSER',
      "ALTER ROLE strict SET default_transaction_isolation = 'repeatable read'",
      'CREATE ROLE german LOGIN SUPERUSER',
      'ALTER ROLE german SET DateStyle = German',
      'CREATE ROLE reader LOGIN SUPERUSER',
      'ALTER ROLE reader SET default_transaction_read_only = on',
    );
    expect(await startError(urlOf('missing'))).toMatch('database "missing" does not exist');
    expect(await startError(urlOf('latin1'))).toMatch('its encoding is LATIN1');
    expect(await startError(urlOf('postgres', 'nobody'))).toMatch('role "nobody" does not exist');
    expect(await startError(urlOf('postgres', 'stranger'))).toMatch('permission denied');
    expect(await startError(urlOf('postgres', 'lax'))).toMatch('synchronous_commit is off');
    expect(await startError(urlOf('postgres', 'strict'))).toMatch('transactions are repeatable read');
    expect(await startError(urlOf('postgres', 'german'))).toMatch('DateStyle is German');
    expect(await startError(urlOf('postgres', 'reader'))).toMatch('it is read-only');
    expect(await startError(`${urlOf('postgres')}?sslmode=require`)).toMatch('does not support SSL');
  });

  it('explains that the password is wrong', async () => {
    const { execute, urlOf } = await startServer();
    await execute(
      `ALTER ROLE tester PASSWORD '${randomUUID()}'`,
      `DO $$ BEGIN
        EXECUTE format('COPY (SELECT ''host all all 127.0.0.1/32 scram-sha-256'') TO %L', current_setting('hba_file'));
      END $$`,
      'SELECT pg_reload_conf()',
    );
    await expect.poll(() => startError(urlOf('postgres'))).toMatch('password authentication failed');
  });

  it('uses a migrated database with a role that may not create tables, but needs rights on the tables', async () => {
    const { execute, urlOf } = await startServer();
    await (await openStorage(urlOf('postgres'))).close();
    await execute(
      'CREATE ROLE app LOGIN',
      'GRANT USAGE ON SCHEMA drizzle TO app',
      'GRANT SELECT ON drizzle.__drizzle_migrations TO app',
      'GRANT SELECT, INSERT, UPDATE, DELETE ON tickets, ticket_search, batches, results, runs, usage_daily TO app',
    );
    expect(await startError(urlOf('postgres', 'app'))).toMatch('the role app lacks rights: idempotency_keys (select)');
    await execute('GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO app');
    const storage = await openStorage(urlOf('postgres', 'app'));
    expect(await storage.tickets.create({ raw_text: 'x', source: 'web' })).toMatchObject({ id: 1 });
    await storage.close();
  });

  it('explains that its migrations are recorded but its tables are missing', async () => {
    const { execute, urlOf } = await startServer();
    await execute(
      'CREATE SCHEMA drizzle',
      'CREATE TABLE drizzle.__drizzle_migrations (id serial, hash text, created_at bigint)',
      "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('of another application', 1e13)",
    );
    expect(await startError(urlOf('postgres'))).toMatch('it lacks tables (tickets, ');
  });

  it('applies each migration once when ten servers start at the same time on an empty database', async () => {
    const { urlOf } = await startServer();
    const storages = await Promise.all(Array.from({ length: 10 }, () => openStorage(urlOf('postgres'))));
    const names = readMigrations(migrationsFolder('postgres')).map(({ name }) => name);
    expect(storages.flatMap(({ appliedMigrations }) => appliedMigrations)).toEqual(names);
    await Promise.all(storages.map(({ close }) => close()));
  });
});
