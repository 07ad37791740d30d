import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';
import { createPostgresDatabase, HAS_POSTGRES, startPrivatePostgres } from '../../testing/postgres.ts';
import { openStorage } from '../open.ts';
import type { StorageOptions } from '../types.ts';

const TICKET = { raw_text: 'x', source: 'web' };
const FORCE = makeClaimOptions({ force: true });
const UNAVAILABLE = { code: 'storage_unavailable' };

/** A server and a storage on it with one ticket. */
async function startStorage(options?: StorageOptions) {
  const server = await startPrivatePostgres();
  const open = async () => {
    const storage = await openStorage(server.url, options);
    onTestFinished(() => storage.close());
    return storage;
  };
  const storage = await open();
  await storage.tickets.create(TICKET);
  return { server, storage, open };
}

describe.skipIf(!HAS_POSTGRES)('a storage on PostgreSQL', () => {
  it('rejects with storage_unavailable while the server is stopped, and reconnects by itself', async () => {
    const { server, storage } = await startStorage();
    await server.stop();
    await expect(storage.tickets.create(TICKET)).rejects.toMatchObject(UNAVAILABLE);
    await expect(storage.tickets.findById(1)).rejects.toMatchObject(UNAVAILABLE);
    await expect(storage.tickets.countByStatus()).rejects.toMatchObject(UNAVAILABLE);
    expect(await storage.checkReadiness()).toBe('database_read');
    await server.start();
    await expect.poll(() => storage.checkReadiness(), { timeout: 5000 }).toBeUndefined(); // without a write
    await expect.poll(() => storage.tickets.create(TICKET).catch(() => undefined)).toBeDefined();
    expect(await storage.tickets.findById(1)).toMatchObject(TICKET);
  });

  it('rejects statements of a server that does not answer', async () => {
    const { server, storage } = await startStorage();
    const resume = await server.pause();
    await expect(storage.tickets.create(TICKET)).rejects.toMatchObject(UNAVAILABLE);
    resume();
    await expect.poll(() => storage.tickets.create(TICKET).catch(() => undefined)).toBeDefined();
  });

  it('does not use a server that has become a standby, and is not ready', async () => {
    const { server, storage } = await startStorage();
    const admin = new pg.Client(server.url);
    await admin.connect();
    await admin.query('ALTER ROLE tester SET default_transaction_read_only = on');
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
    await admin.end();
    await expect.poll(() => storage.checkReadiness()).toBe('database_read');
    await expect(storage.tickets.create(TICKET)).rejects.toMatchObject(UNAVAILABLE);
    await expect(storage.tickets.findById(1)).rejects.toMatchObject(UNAVAILABLE);
  });

  it('does not claim the run of another process that could not renew its lease during an outage', async () => {
    const { server, storage, open } = await startStorage({ leaseMs: 4000 });
    const other = await open();
    await storage.runs.claimRun(1, FORCE);
    await server.stop();
    await expect.poll(() => other.runs.claimRun(1, FORCE).catch(({ code }) => code)).toBe('storage_unavailable');
    await server.start();
    const admin = new pg.Client(server.url);
    await admin.connect();
    await admin.query("UPDATE runs SET lease_expires_at = 'epoch'");
    await admin.end();
    // A statement fails at once until the backoff is over.
    await expect
      .poll(() => other.runs.claimRun(1, FORCE).catch(({ code }) => code))
      .toMatchObject({ state: 'running' });
    const complete = () => storage.runs.completeRun(1, makeNewResult(), makeRunUsage()).catch(() => undefined);
    await expect.poll(complete).toMatchObject({ ticket_id: 1 });
  });

  it('can be closed twice, and opens no connection afterwards', async () => {
    const { url } = await createPostgresDatabase();
    const storage = await openStorage(url);
    await storage.close();
    await storage.close();
    await expect(storage.tickets.findById(1)).rejects.toMatchObject(UNAVAILABLE);
    await expect(storage.tickets.create(TICKET)).rejects.toMatchObject(UNAVAILABLE);
  });
});
