import { execFileSync } from 'node:child_process';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { openSqlite } from '../storage/sqlite/client.ts';
import type { StorageOptions } from '../storage/types.ts';
import { afterTest, type CleanUp } from './clean-up.ts';
import { temporaryFolder } from './folder.ts';
import { NODE_COMPILE_CACHE, ROOT } from './server-process.ts';

/** Runs a `drizzle-kit` command in a folder that has a configuration for it and returns its output. */
export function drizzleKit(command: string, environment: Record<string, string> = {}, cwd = ROOT): string {
  const env = { ...process.env, NODE_COMPILE_CACHE, ...environment };
  return execFileSync(process.execPath, [`${ROOT}node_modules/drizzle-kit/bin.cjs`, command], { cwd, env }).toString();
}

/** Opens storage on a database file, a new one by default, and closes it after the test. */
export function openTestStorage(options?: StorageOptions, path = `${temporaryFolder()}/app.db`) {
  const storage = openSqlite(path, options);
  onTestFinished(storage.close);
  return { path, storage };
}

/** Creates a folder with a database where the default configuration expects it. Each ticket has 1,000 letters. */
export function createDatabaseFolder(tickets: number): string {
  const folder = temporaryFolder();
  const path = `${folder}/data/app.db`;
  openSqlite(path).close();
  const sqlite = new Database(path);
  const insert = sqlite.prepare("INSERT INTO tickets (source, raw_text) VALUES ('web', ?)");
  sqlite.transaction(() => {
    for (let n = 0; n < tickets; n += 1) insert.run('x'.repeat(1000));
  })();
  sqlite.close();
  return folder;
}

/** Opens a database file directly and closes it, after the test by default. */
export function openSqliteFile(path: string, cleanUp: CleanUp = afterTest): Database.Database {
  const sqlite = new Database(path);
  cleanUp(() => sqlite.close());
  return sqlite;
}

/** The SQL of all tables and indexes but Alembic's. */
export const schemaOf = (sqlite: Database.Database) =>
  sqlite.prepare("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' ORDER BY name").all();
