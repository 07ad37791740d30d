import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { findDamage } from './integrity.ts';

/** `signal` is checked after so many pages. */
const PAGES_PER_STEP = 1000;

/**
 * Copies a database to a new file, also while servers use it. The copy is the database's state at one moment after the
 * call. It has passed SQLite's `integrity_check`, is on disk, and needs no -wal file.
 *
 * @throws Error if there is no database, the file exists, or the copy fails or is damaged; the reason of `signal` if it
 *   aborts. Nothing is left behind then.
 */
export async function backupDatabase(database: string, file: string, signal?: AbortSignal): Promise<void> {
  const target = resolve(file);
  if (!existsSync(database)) throw new Error(`there is no database ${database}`);
  if (existsSync(target)) throw new Error(`${file} already exists`);
  const folder = mkdtempSync(`${target}.`);
  try {
    const copy = join(folder, 'copy');
    await copySnapshot(database, copy, signal);
    chmodSync(copy, statSync(database).mode);
    verify(copy);
    fsyncPath(copy);
    publishAtomically(copy, target, file);
  } finally {
    rmSync(folder, { recursive: true });
  }
  fsyncPath(dirname(target));
}

async function copySnapshot(database: string, copy: string, signal?: AbortSignal): Promise<void> {
  const sqlite = new Database(database, { fileMustExist: true });
  try {
    // Without a read transaction SQLite would restart the copy at every commit of a server.
    sqlite.exec('BEGIN; SELECT 1 FROM sqlite_master');
    await sqlite.backup(copy, {
      progress() {
        signal?.throwIfAborted();
        return PAGES_PER_STEP;
      },
    });
  } finally {
    sqlite.close();
  }
}

function verify(copy: string): void {
  const sqlite = new Database(copy);
  try {
    sqlite.pragma('journal_mode = DELETE'); // the copied header asks for a -wal file
    if (findDamage(sqlite, 1).length > 0) {
      throw new Error('the copy is damaged, and probably the database too: run npm run db:check');
    }
  } finally {
    sqlite.close();
  }
}

/** Gives the copy its name with a link, because a rename would replace a file that was created meanwhile. */
function publishAtomically(copy: string, target: string, file: string): void {
  try {
    linkSync(copy, target);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? new Error(`${file} already exists`) : error;
  }
}

function fsyncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
