import { AppError } from '../../errors.ts';

/** Result codes for a disk or a file that does not work as it should: https://sqlite.org/rescode.html */
const STORAGE_CODES = /^SQLITE_(?:FULL|IOERR|READONLY|CANTOPEN|BUSY|LOCKED|CORRUPT|NOTADB)/;

/** Returns AppError `storage_unavailable` if the disk or the file is to blame, otherwise the error itself. */
export function toStorageError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || !STORAGE_CODES.test(code)) return error;
  return new AppError('storage_unavailable', 'the database cannot be used now', {
    cause: error,
    // Retrying does not repair a damaged file.
    details: { cause: message, causeCode: code, isPermanent: /CORRUPT|NOTADB/.test(code) || undefined },
  });
}

/** Runs a query outside the write batcher, with its errors converted by `toStorageError`. */
export async function read<T>(query: () => T): Promise<T> {
  try {
    return query();
  } catch (error) {
    throw toStorageError(error);
  }
}
