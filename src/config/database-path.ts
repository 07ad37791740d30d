import { fileURLToPath } from 'node:url';

/**
 * Returns the path of the SQLite file that a DATABASE_URL names. Accepts a plain path, SQLite's `file:…`, and SQLAlchemy's
 * `sqlite:///relative` and `sqlite:////absolute`. Drops SQLAlchemy's driver (`sqlite+pysqlite:`) and its `?parameters`.
 *
 * @returns undefined for a URL that names no file, such as another database's or `:memory:`.
 */
export function parseDatabasePath(url: string): string | undefined {
  const sqlalchemyPath = /^sqlite(?:\+\w+)?:\/\/\/(?!file:)([^?]+)(?:\?.*)?$/.exec(url)?.[1];
  const path = sqlalchemyPath ?? (url.startsWith('file:') ? parseFileUrl(url) : parsePlainPath(url));
  return path === undefined || path === '' || path === ':memory:' || path.includes('\0') ? undefined : path;
}

const parsePlainPath = (url: string) => (/^[a-z][a-z0-9+.-]+:/i.test(url) ? undefined : url);

function parseFileUrl(url: string): string | undefined {
  if (/[?#]/.test(url)) return undefined;
  try {
    return url.startsWith('file:/') ? fileURLToPath(url) : decodeURIComponent(url.slice('file:'.length));
  } catch {
    return undefined; // another host, or invalid percent-encoding
  }
}
