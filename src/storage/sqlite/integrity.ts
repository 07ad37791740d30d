import { statSync } from 'node:fs';
import Database from 'better-sqlite3';

const ADVICE = 'stop every server that uses it and restore a backup (docs/operations.md)';

/**
 * Checks in constant time that no page is missing. SQLite itself checks the header (magic, page size, and page count
 * against the file's size) when it reads the first page. But it does not notice that the last page is cut off.
 *
 * An overwritten page is found only when it is read, or by `npm run db:check`.
 *
 * @throws SqliteError with SQLite's code for a damaged file.
 */
export function assertIntegrity(sqlite: Database.Database): void {
  const walSize = statSync(`${sqlite.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (walSize > 0) return; // pages that are still in the -wal file may be missing in the main file
  const pages = sqlite.pragma('page_count', { simple: true }) as number;
  const pageSize = sqlite.pragma('page_size', { simple: true }) as number;
  if (statSync(sqlite.name).size < pages * pageSize) {
    throw new Database.SqliteError('the file is shorter than its header says', 'SQLITE_CORRUPT');
  }
}

/**
 * Reads the whole database and looks for damage, then for rows that refer to missing rows. Servers may keep running.
 *
 * @returns one line for each problem, at most 100; none if the database is sound.
 * @throws Error if the database cannot be read for another reason than damage.
 */
export function findProblems(path: string): string[] {
  const sqlite = new Database(path, { fileMustExist: true });
  try {
    const damage = findDamage(sqlite);
    return damage.length > 0 ? damage : findOrphans(sqlite);
  } finally {
    sqlite.close();
  }
}

/** Runs SQLite's `integrity_check`; returns one line for each problem. */
export function findDamage(sqlite: Database.Database, limit = 100): string[] {
  const lines: string[] = [];
  try {
    const check = sqlite.prepare<[], string>(`PRAGMA integrity_check(${limit})`).pluck();
    for (const line of check.iterate()) if (line !== 'ok') lines.push(line);
  } catch (error) {
    if (!isDamage(error)) throw error;
    lines.push(describeOpenError(error)); // the check ends at a page that it cannot read
  }
  return lines;
}

/** Runs SQLite's `foreign_key_check`; returns one line for each row that refers to a missing row. */
export function findOrphans(sqlite: Database.Database, limit = 100): string[] {
  const rows = sqlite.prepare(`SELECT * FROM pragma_foreign_key_check LIMIT ${limit}`).all() as {
    table: string;
    rowid: number;
    parent: string;
  }[];
  return rows.map(({ table, rowid, parent }) => `row ${rowid} of ${table} refers to a missing row of ${parent}`);
}

const isDamage = (error: unknown): error is { code: string } =>
  /^SQLITE_(?:CORRUPT|NOTADB)/.test(String((error as { code?: unknown }).code));

/**
 * Explains why a file cannot be used, and what to do if it is damaged. SQLite's message for damage is left out: it can
 * have several lines and quote the contents of a page.
 */
export function describeOpenError(error: unknown): string {
  if (!isDamage(error)) return (error as Error).message;
  if (error.code === 'SQLITE_NOTADB') return `it is not a SQLite database, or it is damaged; if it was one, ${ADVICE}`;
  return `it is damaged; ${ADVICE}`;
}
