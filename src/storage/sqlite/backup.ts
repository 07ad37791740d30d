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

/** So many pages are copied before `signal` is looked at again. */
const PAGES_PER_STEP = 1000;

/**
 * Copies a database, which servers may be using, to a new file: its state at one moment after the call, whole according to
 * SQLite's `integrity_check`, on disk, and readable without a -wal file.
 *
 * @throws Error if there is no database, the file exists, or the copy cannot be made or is damaged; and the reason of `signal`
 * if that is aborted while pages are copied. Nothing is left behind then.
 */
export async function backupDatabase(database: string, file: string, signal?: AbortSignal): Promise<void> {
  const target = resolve(file);
  if (!existsSync(database)) throw new Error(`there is no database ${database}`);
  if (existsSync(target)) throw new Error(`${file} exists already`);
  const folder = mkdtempSync(`${target}.`);
  try {
    const copy = join(folder, 'copy');
    await copySnapshot(database, copy, signal);
    chmodSync(copy, statSync(database).mode);
    verify(copy);
    sync(copy);
    publishAtomically(copy, target, file);
  } finally {
    rmSync(folder, { recursive: true });
  }
  sync(dirname(target));
}

async function copySnapshot(database: string, copy: string, signal?: AbortSignal): Promise<void> {
  const sqlite = new Database(database, { fileMustExist: true });
  try {
    // Without a transaction SQLite would begin anew whenever a server commits, and under load never come to the end.
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
    sqlite.pragma('journal_mode = DELETE'); // the copy says, like the database, that there is a -wal file to be read with it
    const isWhole = sqlite.pragma('integrity_check(1)', { simple: true }) === 'ok';
    if (!isWhole) throw new Error('the copy is damaged, and most likely so is the database');
  } finally {
    sqlite.close();
  }
}

/** Gives the copy its name. A rename would replace a file that has got that name meanwhile. */
function publishAtomically(copy: string, target: string, file: string): void {
  try {
    linkSync(copy, target);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? new Error(`${file} exists already`) : error;
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
