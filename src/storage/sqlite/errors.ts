import { AppError } from '../../errors.ts';

/** SQLite's result codes for a disk or file that does not do what it should: https://sqlite.org/rescode.html */
const STORAGE = /^SQLITE_(?:FULL|IOERR|READONLY|CANTOPEN|BUSY|LOCKED|CORRUPT|NOTADB)/;

/** The error as it is, or as `storage_unavailable` where the disk is to blame. */
export function storageError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string' || !STORAGE.test(code)) return error;
  return new AppError('storage_unavailable', 'the database cannot be written now', { cause: error, details: { code } });
}
