import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';
import { afterTest, type CleanUp } from './clean-up.ts';
import { type PostgresOptions, startPostgresServer } from './postgres-server.ts';

const SERVER_URL = inject('postgresUrl');

/** Whether there is a server for `createPostgresDatabase`. */
export const HAS_POSTGRES = SERVER_URL !== undefined;

/** A database on the server that all tests share. */
interface Database {
  url: string;
  /** A connection for the test itself. */
  client: pg.Client;
}

/** Emptied databases of earlier tests: emptying one takes a twentieth of the time of creating one. */
const idle: Database[] = [];

/** An empty database on the server that all tests share. The test must leave the schema as it is. */
export async function createPostgresDatabase(cleanUp: CleanUp = afterTest): Promise<Database> {
  const database = idle.pop() ?? (await createDatabase());
  cleanUp(async () => {
    await empty(database.client);
    idle.push(database);
  });
  return database;
}

/** A server for one test, which may stop it. */
export async function startPrivatePostgres(options?: PostgresOptions) {
  const server = await startPostgresServer({ template: inject('postgresTemplate'), ...options });
  onTestFinished(server.close);
  return server;
}

async function createDatabase(): Promise<Database> {
  const name = `${inject('databasePrefix')}${randomUUID().slice(0, 8)}`;
  const admin = await connect(SERVER_URL as string);
  await admin.query(`CREATE DATABASE "${name}" TEMPLATE template0 ENCODING 'UTF8'`);
  await admin.end();
  const url = new URL(SERVER_URL as string);
  url.pathname = name;
  return { url: url.href, client: await connect(url.href) };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, options: '-c timezone=UTC' });
  client.on('error', () => {}); // the server is stopped at the end
  await client.connect();
  return client;
}

/** Ends the connections of killed servers, deletes all rows, and restarts the ids. */
const empty = (client: pg.Client) =>
  client.query(`
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid();
    DO $$ DECLARE name regclass; BEGIN
      FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('DELETE FROM %s', name); -- the foreign keys cascade
      END LOOP;
    END $$;
    SELECT setval(oid, 1, false) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'`);
