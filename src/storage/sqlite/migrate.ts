import type Database from 'better-sqlite3';
import { type Migration, migrationsFolder, readMigrations } from '../migrations.ts';
import { findOrphans } from './integrity.ts';

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
 * @throws Error that names the migration which failed, or says that the schema is newer; the database is unchanged.
 */
export function migrate(sqlite: Database.Database, folder = migrationsFolder('sqlite')): string[] {
  const migrations = readMigrations(folder);
  const applyMissing = sqlite.transaction(() => {
    const last = latestApplied(sqlite);
    if (last > (migrations.at(-1)?.createdAt ?? -1)) throw new Error('a newer version of the service has migrated it');
    const missing = migrations.filter(({ createdAt }) => createdAt > last);
    return missing.map((migration) => apply(sqlite, migration));
  });
  sqlite.pragma('foreign_keys = OFF');
  const applied = applyMissing.immediate();
  sqlite.pragma('foreign_keys = ON');
  return applied;
}

/** The creation time of the newest applied migration; -1 if there is none. */
function latestApplied(sqlite: Database.Database): number {
  sqlite.exec(`CREATE TABLE IF NOT EXISTS __drizzle_migrations
    (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`);
  const newest = sqlite.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get();
  return Number(newest ?? -1);
}

function apply(sqlite: Database.Database, { name, hash, createdAt, statements }: Migration): string {
  try {
    for (const statement of statements) sqlite.exec(statement);
    const [orphan] = findOrphans(sqlite, 1);
    if (orphan) throw new Error(orphan);
  } catch (error) {
    throw new Error(`migration ${name} failed, the database is unchanged: ${(error as Error).message}`);
  }
  sqlite.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)').run(hash, createdAt);
  return name;
}
