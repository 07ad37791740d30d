import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { ROOT } from '../root.ts';

export interface Migration {
  name: string;
  hash: string;
  /** In ms since 1970 (drizzle-kit's `when`); later migrations have later times. */
  createdAt: number;
  statements: string[];
}

/** The migrations of a dialect, as drizzle-kit has written them. */
export const migrationsFolder = (dialect: 'sqlite' | 'postgres') => fileURLToPath(new URL(`drizzle/${dialect}`, ROOT));

export function readMigrations(folder: string): Migration[] {
  const { entries } = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8'));
  return readMigrationFiles({ migrationsFolder: folder }).map(({ sql, hash, folderMillis }, index) => ({
    name: entries[index].tag,
    hash,
    createdAt: folderMillis,
    statements: sql,
  }));
}
