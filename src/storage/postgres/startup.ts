import pg from 'pg';
import { StartupError } from '../../errors.ts';
import { TABLES } from '../transfer.ts';
import { migrate } from './migrate.ts';

const MIN_VERSION = 14;

/**
 * Checks that the database can be used, and applies the migrations that it lacks.
 *
 * @returns the names of the applied migrations
 * @throws StartupError with one line.
 */
export async function prepareDatabase(config: pg.ClientConfig): Promise<string[]> {
  // A migration may take longer than other statements, and waits for one of another server.
  const client = new pg.Client({ ...config, query_timeout: undefined });
  client.on('error', () => {}); // its statement is rejected, too
  try {
    await client.connect();
    await checkServer(client);
    const applied = await migrate(client);
    await checkTables(client);
    await checkRights(client);
    return applied;
  } catch (error) {
    const { host, port, database } = client;
    const { message, code } = error as NodeJS.ErrnoException; // a refused connection may have no message
    throw new StartupError(
      `DATABASE_URL: cannot use the PostgreSQL database ${database} at ${host}:${port}: ${message || code}`,
      { cause: error },
    );
  } finally {
    client.end();
  }
}

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query(`
    select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major,
      current_setting('server_encoding') as encoding, current_setting('synchronous_commit') as synchronous_commit,
      current_setting('transaction_isolation') as isolation, current_setting('DateStyle') as date_style,
      current_setting('transaction_read_only')::boolean as is_read_only`);
  const { version, major, encoding, synchronous_commit, isolation, date_style, is_read_only } = rows[0];
  if (major < MIN_VERSION) throw new Error(`the server has version ${version}, but ${MIN_VERSION} or later is needed`);
  if (encoding !== 'UTF8') throw new Error(`its encoding is ${encoding}: create a database with encoding UTF8`);
  if (is_read_only) throw new Error('it is read-only, perhaps a standby');
  if (synchronous_commit === 'off') {
    throw new Error(
      'synchronous_commit is off, so a crash would lose tickets: set it to on for the role or the database',
    );
  }
  // Statements wait for rows that others have changed, and then continue with the new versions.
  if (isolation !== 'read committed') {
    throw new Error(`transactions are ${isolation}: set default_transaction_isolation to read committed for the role`);
  }
  // Times are read as ISO 8601; in another style the day and the month could be exchanged.
  if (!date_style.startsWith('ISO')) throw new Error(`DateStyle is ${date_style}: set it to ISO for the role`);
}

/** All migrations may be recorded without their tables: by another application, or with another search_path. */
async function checkTables(client: pg.Client): Promise<void> {
  const { rows } = await client.query('select name from unnest($1::text[]) as name where to_regclass(name) is null', [
    TABLES,
  ]);
  if (rows.length === 0) return;
  const names = rows.map(({ name }) => name).join(', ');
  throw new Error(
    `it lacks tables (${names}), although drizzle.__drizzle_migrations has their migrations: ` +
      'check the search_path, and whether another application uses this database',
  );
}

/** The tables may belong to another role. */
async function checkRights(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `
    select name || ' (' || privilege || ')' as missing
    from unnest($1::text[]) as name, unnest(array['select', 'insert', 'update', 'delete']) as privilege
    where not has_table_privilege(name, privilege)`,
    [TABLES],
  );
  if (rows.length > 0) {
    throw new Error(`the role ${client.user} lacks rights: ${rows.map(({ missing }) => missing).join(', ')}`);
  }
}
