import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { ROOT } from '../../root.ts';
import { findOrphans } from './integrity.ts';

const MIGRATIONS_FOLDER = fileURLToPath(new URL('drizzle/sqlite', ROOT));

/**
 * Applies the migrations that a database lacks, all in one transaction. Records them where `drizzle-kit migrate` does.
 *
 * drizzle-orm's own migrator is not used for two reasons:
 * - It reads what is applied before it locks the file, so two servers that start together would both apply a migration.
 * - drizzle-kit writes `PRAGMA foreign_keys=OFF` into a migration that rebuilds a table. SQLite ignores that inside a
 *   transaction, so it is set here, and references are checked afterwards
 *   (https://sqlite.org/lang_altertable.html#otheralter).
 *
 * @returns the names of the applied migrations
 * @throws Error that names the migration which failed; the database is unchanged.
 */
export function migrate(sqlite: Database.Database, folder = MIGRATIONS_FOLDER): string[] {
  const migrations = readMigrationFiles({ migrationsFolder: folder });
  const applyMissing = sqlite.transaction(() => {
    const last = latestApplied(sqlite);
    const missing = migrations.filter(({ folderMillis }) => folderMillis > last);
    return missing.map((migration) => apply(sqlite, migration, nameOf(migration, folder)));
  });
  sqlite.pragma('foreign_keys = OFF');
  const applied = applyMissing.immediate();
  sqlite.pragma('foreign_keys = ON');
  return applied;
}

/** The creation time (drizzle-kit's `when`, in ms since 1970) of the newest applied migration; -1 if there is none. */
function latestApplied(sqlite: Database.Database): number {
  sqlite.exec(`CREATE TABLE IF NOT EXISTS __drizzle_migrations
    (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`);
  const newest = sqlite.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get();
  return Number(newest ?? -1);
}

function apply(sqlite: Database.Database, migration: MigrationMeta, name: string): string {
  try {
    for (const statement of migration.sql) sqlite.exec(statement);
    const [orphan] = findOrphans(sqlite, 1);
    if (orphan) throw new Error(orphan);
  } catch (error) {
    throw new Error(`migration ${name} failed, the database is unchanged: ${(error as Error).message}`);
  }
  sqlite
    .prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)')
    .run(migration.hash, migration.folderMillis);
  return name;
}

function nameOf({ folderMillis }: MigrationMeta, folder: string): string {
  const { entries } = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8'));
  return entries.find(({ when }: { when: number }) => when === folderMillis)?.tag;
}
