import { fileURLToPath } from 'node:url';

/**
 * The file that a DATABASE_URL names. Understood are a plain path, SQLite's `file:…`, and SQLAlchemy's
 * `sqlite:///relative`, `sqlite:////absolute`, also with a driver (`sqlite+pysqlite:`), whose `?parameters` are about
 * that driver and dropped. Relative paths are relative to the working directory.
 *
 * @returns undefined for anything else: another database's URL, one without a file (`:memory:`), one with a fragment.
 */
export function databasePath(url: string): string | undefined {
  const sqlalchemy = /^sqlite(?:\+\w+)?:\/\/\/(?!file:)([^?]+)(?:\?.*)?$/.exec(url)?.[1];
  const path = sqlalchemy ?? (url.startsWith('file:') ? fileUrlPath(url) : plainPath(url));
  return path === undefined || path === '' || path === ':memory:' || path.includes('\0') ? undefined : path;
}

const plainPath = (url: string) => (/^[a-z][a-z0-9+.-]+:/i.test(url) ? undefined : url);

function fileUrlPath(url: string): string | undefined {
  if (/[?#]/.test(url)) return undefined;
  try {
    return url.startsWith('file:/') ? fileURLToPath(url) : decodeURIComponent(url.slice('file:'.length));
  } catch {
    return undefined; // a host that is not this machine, or broken percent-encoding
  }
}
