import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { StartupError } from '../../errors.ts';

/** For opening a connection, and for a statement that should take milliseconds. */
const TIMEOUT_MS = 5000;

/**
 * Returns the driver's options for a URL that the configuration has checked. The driver's own parser would take
 * `sslmode=require` for `verify-full`.
 *
 * @throws StartupError if a file that the URL names cannot be read.
 */
export function parseConnectionUrl(databaseUrl: string) {
  const url = new URL(databaseUrl);
  const parameters = url.searchParams;
  const host = parameters.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1');
  return {
    host: host || undefined,
    port: url.port ? Number(url.port) : undefined,
    user: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: tlsOptions(parameters),
    application_name: parameters.get('application_name') ?? 'ticket-service',
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  } satisfies ClientConfig;
}

/**
 * As libpq: `require` encrypts but does not verify the server, unless there is a root certificate; `verify-ca` does not
 * compare the host's name. The authorities are those of `sslrootcert`, otherwise Node's.
 * https://www.postgresql.org/docs/current/libpq-ssl.html
 */
function tlsOptions(parameters: URLSearchParams): ConnectionOptions | false {
  const sslmode = parameters.get('sslmode') ?? 'disable';
  if (sslmode === 'disable') return false;
  const ca = readFile(parameters, 'sslrootcert');
  return {
    ca,
    cert: readFile(parameters, 'sslcert'),
    key: readFile(parameters, 'sslkey'),
    rejectUnauthorized: sslmode !== 'require' || ca !== undefined,
    ...(sslmode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

function readFile(parameters: URLSearchParams, name: string): Buffer | undefined {
  const path = parameters.get(name);
  if (path === null) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new StartupError(`DATABASE_URL: cannot read the file of ${name}: ${(error as Error).message}`);
  }
}
