import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { UsageReader } from '../types.ts';
import { parseConnectionUrl } from './connection-config.ts';
import { createUsageRepository } from './usage.ts';

/** Limit of a report. */
const TIMEOUT_MS = 600_000;

/**
 * Connects to a database to read its usage, also while servers use it. All reports are of the same moment. Unlike
 * `openPostgres`, it applies no migrations.
 *
 * @throws Error if the database cannot be read or has no usage yet.
 */
export async function openUsageReader(databaseUrl: string): Promise<UsageReader> {
  const client = new pg.Client({ ...parseConnectionUrl(databaseUrl), query_timeout: TIMEOUT_MS });
  client.on('error', () => {}); // its statement is rejected, too
  const close = () => client.end();
  const toReadError = (cause: unknown) => {
    const { message, code } = cause as NodeJS.ErrnoException;
    return new Error(`cannot read the PostgreSQL database ${client.database}: ${message || code}`, { cause });
  };
  try {
    await client.connect();
    await client.query('begin isolation level repeatable read read only');
    const { rows } = await client.query("select to_regclass('usage_daily') is not null as exists");
    if (!rows[0].exists) throw new Error('it has no schema yet: start the server once, which creates it');
    const db = drizzle(client);
    const usage = createUsageRepository({ reads: db, slow: db });
    const report: typeof usage.report = (options) =>
      usage.report(options).catch((error) => {
        throw toReadError(error.cause ?? error); // drizzle's message quotes the statement
      });
    return { usage: { ...usage, report }, close };
  } catch (error) {
    close();
    throw toReadError(error);
  }
}
