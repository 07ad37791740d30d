import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { NoPostgresError, startPostgresServer } from './postgres-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of the server that the tests share; undefined where there is none. */
    postgresUrl: string | undefined;
    /** For servers of single tests. */
    postgresTemplate: string | undefined;
    /** What the names of this run's databases begin with. */
    databasePrefix: string;
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Builds the bundle and starts a PostgreSQL server once, before any test uses them. */
export async function setup(project: TestProject) {
  const databasePrefix = `ticket_service_test_${process.pid}_`;
  project.provide('databasePrefix', databasePrefix);
  const existing = process.env.TEST_DATABASE_URL;
  const [, server] = await Promise.all([build(), existing ? undefined : startSharedServer()]);
  project.provide('postgresUrl', existing ?? server?.url);
  project.provide('postgresTemplate', server?.template);
  return () => (existing ? dropDatabases(existing, databasePrefix) : server?.close());
}

async function build(): Promise<void> {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: ROOT });
  // Node writes its cache of compiled code when a process ends, and the tests kill most of their servers.
  const cwd = await mkdtemp(join(tmpdir(), 'ticket-service-'));
  const env = { PORT: '0', NODE_COMPILE_CACHE: `${ROOT}dist/cache` };
  const server = spawn(process.execPath, [`${ROOT}dist/server.cjs`], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(server, 'exit');
  for await (const text of server.stdout.setEncoding('utf8')) if (text.includes('listening')) server.kill();
  await exit;
  await rm(cwd, { recursive: true });
}

/** Undefined where PostgreSQL does not run. The continuous integration must not skip its tests. */
async function startSharedServer() {
  try {
    return await startPostgresServer({ fsync: false });
  } catch (error) {
    if (!(error instanceof NoPostgresError) || process.env.CI === 'true') throw error;
    process.stderr.write(`The tests of PostgreSQL are skipped, because ${error.message}; set TEST_DATABASE_URL.\n`);
    return undefined;
  }
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [prefix]);
  for (const { datname } of rows) await client.query(`DROP DATABASE ${pg.escapeIdentifier(datname)} WITH (FORCE)`);
  await client.end();
}
