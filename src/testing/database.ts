import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What `drizzle-kit` prints for a command, in the repository or another folder that has a configuration for it. */
export function drizzleKit(command: string, environment: Record<string, string> = {}, cwd = ROOT): string {
  const env = { ...process.env, ...environment };
  return execFileSync(process.execPath, [`${ROOT}node_modules/drizzle-kit/bin.cjs`, command], { cwd, env }).toString();
}

/** A database file as SQLite sees it, closed after the test. */
export function openSqliteFile(path: string): Database.Database {
  const sqlite = new Database(path);
  onTestFinished(() => void sqlite.close());
  return sqlite;
}

/** The SQL of all tables and indexes but Alembic's. */
export const schemaOf = (sqlite: Database.Database) =>
  sqlite.prepare("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' ORDER BY name").all();
