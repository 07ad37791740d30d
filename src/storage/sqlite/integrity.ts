import Database from 'better-sqlite3';

const ADVICE = 'stop every server that uses it and put a backup in its place (README, "Backup")';

/**
 * Refuses a database that is damaged: one that lacks pages, or whose pages do not hold what they should.
 *
 * All of it is read, whatever its size, because SQLite itself notices a bad page only when a request comes to it, and with
 * more writes the damage grows. `quick_check` leaves out only whether the indexes have what their tables have. It takes 0.5 s for
 * 1,000,000 tickets of 116 characters (151 MiB) and 0.6 ms for 1,000, with the file in the system's cache; else it takes as
 * long as the disk does to read the file, once.
 *
 * @throws SqliteError as SQLite's own for a damaged file.
 */
export function assertIntegrity(sqlite: Database.Database): void {
  if (sqlite.pragma('quick_check(1)', { simple: true }) === 'ok') return;
  throw new Database.SqliteError('quick_check found damage', 'SQLITE_CORRUPT');
}

/**
 * Why a file cannot be used, and for a damaged one what to do. SQLite's own words for damage are left out: they may run over
 * several lines and quote what is on a page.
 */
export function describeOpenError(error: unknown): string {
  const { code = '', message } = error as { code?: string; message: string };
  if (code.startsWith('SQLITE_CORRUPT')) return `it is damaged; ${ADVICE}`;
  if (code === 'SQLITE_NOTADB') return `it is not a SQLite database, or damaged; if it was one, ${ADVICE}`;
  return message;
}
