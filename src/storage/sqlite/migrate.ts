import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { ROOT } from '../../root.ts';

const MIGRATIONS_FOLDER = fileURLToPath(new URL('drizzle/sqlite', ROOT));

/**
 * Brings a database to the newest migration: all that is missing in one transaction, or nothing.
 *
 * It keeps the same books as `drizzle-kit migrate` and differs from drizzle-orm's migrator in two points: that one reads
 * what is applied before it takes the lock, so two servers that start at once would both apply it; and SQLite ignores
 * the `PRAGMA foreign_keys=OFF` that drizzle-kit writes for a table's rebuild inside a transaction, so it stands here,
 * outside, with the check that belongs to it (https://sqlite.org/lang_altertable.html#otheralter).
 *
 * @returns the names of those that were missing
 * @throws Error that names the migration which failed; the database is as it was.
 */
export function migrate(sqlite: Database.Database, folder = MIGRATIONS_FOLDER): string[] {
  const applied: string[] = [];
  const migrations = readMigrationFiles({ migrationsFolder: folder });
  sqlite.pragma('foreign_keys = OFF');
  sqlite
    .transaction(() => {
      const last = lastApplied(sqlite);
      const missing = migrations.filter(({ folderMillis }) => folderMillis > last);
      for (const migration of missing) {
        const name = nameOf(migration, folder);
        try {
          apply(sqlite, migration);
          applied.push(name);
        } catch (error) {
          throw new Error(`migration ${name} failed, nothing is changed: ${(error as Error).message}`);
        }
      }
    })
    .immediate();
  sqlite.pragma('foreign_keys = ON');
  return applied;
}

/** When the newest applied migration was made (drizzle-kit's `when`, ms since 1970), -1 if none is applied. */
function lastApplied(sqlite: Database.Database): number {
  sqlite.exec(`CREATE TABLE IF NOT EXISTS __drizzle_migrations
    (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`);
  const newest = sqlite.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get();
  return Number(newest ?? -1);
}

function apply(sqlite: Database.Database, migration: MigrationMeta): void {
  for (const statement of migration.sql) sqlite.exec(statement);
  const orphans = sqlite.pragma('foreign_key_check') as { table: string; rowid: number; parent: string }[];
  if (orphans[0]) {
    const { table, rowid, parent } = orphans[0];
    throw new Error(`row ${rowid} of ${table} refers to a row of ${parent} that does not exist`);
  }
  sqlite
    .prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)')
    .run(migration.hash, migration.folderMillis);
}

function nameOf({ folderMillis }: MigrationMeta, folder: string): string {
  const { entries } = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8'));
  return entries.find(({ when }: { when: number }) => when === folderMillis)?.tag;
}
