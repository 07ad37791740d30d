import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeClaimOptions } from '../../testing/fixtures.ts';
import { HAS_POSTGRES } from '../../testing/postgres.ts';
import { POSTGRES, type TestDatabase } from '../../testing/storages.ts';
import { prepareSession } from './session.ts';

const TICKET = { raw_text: 'x', source: 'web' };
const UNAVAILABLE = { code: 'storage_unavailable' };

/** Makes new sessions of a database read-only, as those on a standby are, and ends the others. */
async function makeReadOnly({ query }: TestDatabase) {
  const alter = (change: string) =>
    query(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ${change}', current_database()); END $$`);
  const makeWritable = () => alter('RESET default_transaction_read_only');
  onTestFinished(async () => void (await makeWritable()));
  await alter('SET default_transaction_read_only = on');
  await query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  return makeWritable;
}

describe.skipIf(!HAS_POSTGRES)('prepareSession', () => {
  it('makes every connection to a standby fail, until the server can be written', async () => {
    const database = await POSTGRES.createDatabase();
    const storage = await database.open();
    const statements = [
      () => storage.tickets.create(TICKET),
      () => storage.tickets.findById(1),
      () => storage.runs.claimRun(1, makeClaimOptions()),
      () => storage.runs.renewLeases([1]),
    ];
    await Promise.all(statements.map((execute) => execute())); // opens all connections
    const makeWritable = await makeReadOnly(database);
    for (const execute of statements) {
      await expect.poll(() => execute().catch((error) => error)).toMatchObject(UNAVAILABLE);
      await expect(execute()).rejects.toMatchObject(UNAVAILABLE); // on a new connection
    }
    expect(await storage.checkReadiness()).toBe('database_read');
    await makeWritable();
    for (const execute of statements) {
      await expect.poll(() => execute().catch((error) => error)).not.toMatchObject(UNAVAILABLE);
    }
    expect(await storage.checkReadiness()).toBeUndefined();
  });

  it('lets the server end a statement that waits for a lock when its client has gone', async () => {
    const database = await POSTGRES.createDatabase();
    await (await database.open()).tickets.create(TICKET);
    const [other, client] = [new pg.Client(database.url), new pg.Client(database.url)];
    onTestFinished(() => other.end());
    await other.connect();
    await other.query('BEGIN; SELECT FROM tickets FOR UPDATE');
    await client.connect();
    await prepareSession(client);
    const isWaiting = async () =>
      (
        await database.query(
          "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
      ).length > 0;
    const deletion = expect(client.query('DELETE FROM tickets')).rejects.toThrow();
    await expect.poll(isWaiting).toBe(true);
    client.on('error', () => {});
    await client.end(); // closes the socket of a client whose statement is under way
    await deletion;
    await expect.poll(isWaiting).toBe(false);
  });
});
