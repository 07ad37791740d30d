import { fileURLToPath } from 'node:url';
import { isEncoded } from './urls.ts';

/** Parameters of a PostgreSQL URL, as libpq has them. An unknown one is refused: it may be a misspelt `sslmode`. */
const PARAMETERS = ['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'application_name'];
/** Without `allow` and `prefer`, which fall back to a connection without TLS. */
const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'];

/**
 * Returns what a DATABASE_URL names: a PostgreSQL URL, or the path of a SQLite file. Drops SQLAlchemy's driver
 * (`postgresql+psycopg:`, `sqlite+pysqlite:`).
 *
 * @returns undefined for a URL that names neither, such as another database's or `:memory:`.
 */
export const parseDatabaseUrl = (url: string): string | undefined =>
  /^postgres(?:ql)?(?:\+\w+)?:/.test(url) ? parsePostgresUrl(url.replace(/\+\w+:/, ':')) : parseSqlitePath(url);

/** Removes the password and the parameters of a PostgreSQL URL, for the log. */
export function redactDatabaseUrl(databaseUrl: string): string {
  if (!/^postgres(?:ql)?:/.test(databaseUrl)) return databaseUrl;
  const { protocol, username, host, pathname } = new URL(databaseUrl);
  return `${protocol}//${username && `${username}@`}${host}${pathname}`;
}

/** Refuses what could be the rest of a password with unencoded characters, because the log would show it. */
function parsePostgresUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || url.hash || !/^\/[^/@]+$/.test(url.pathname) || !isEncoded(text)) return undefined;
  const { searchParams } = url;
  const sslmode = searchParams.get('sslmode') ?? 'disable';
  const isKnown = [...searchParams.keys()].every((name) => PARAMETERS.includes(name));
  const hasAuthority = sslmode !== 'verify-ca' || searchParams.has('sslrootcert');
  return isKnown && hasAuthority && SSL_MODES.includes(sslmode) ? text : undefined;
}

/**
 * Accepts a plain path, SQLite's `file:…`, and SQLAlchemy's `sqlite:///relative` and `sqlite:////absolute`, whose
 * `?parameters` it drops.
 */
function parseSqlitePath(url: string): string | undefined {
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
