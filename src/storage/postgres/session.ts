import type pg from 'pg';

/**
 * Prepares a new connection.
 *
 * @throws Error if the server is read-only: during a failover, the host's name may lead to a standby.
 */
export async function prepareSession(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query('show transaction_read_only');
  if (rows[0].transaction_read_only === 'on') throw new Error('the database is read-only, perhaps a standby');
  // The process of a statement that was given up ends, instead of waiting for a lock and then committing. Not every
  // platform has the setting.
  await client.query("set client_connection_check_interval = '2s'").catch(() => {});
}
