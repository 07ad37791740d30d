import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';
import { HAS_POSTGRES } from '../../testing/postgres.ts';
import { POSTGRES } from '../../testing/storages.ts';
import type { Storage, StorageOptions } from '../types.ts';

const TICKET = { raw_text: 'x', source: 'web' };
const FORCE = makeClaimOptions({ force: true });
const REFUSED = { code: 'llm_refused', message: 'refused' } as const;
const KEY = { client: 'support', key: 'order-7', requestHash: 'hash' };
const PERIOD = { from: '2026-01-01', to: '2026-01-31', groupBy: 'day' } as const;
const IDS = [1, 2, 3];

/** A storage on a database with three tickets and a batch, and a connection that acts like another server. */
async function openWithOther(options?: StorageOptions) {
  const database = await POSTGRES.createDatabase();
  const ours = await database.open(options);
  for (const _ of IDS) await ours.tickets.create(TICKET);
  await ours.batches.create({ definition: { ids: IDS }, force: true, total: IDS.length });
  const other = new pg.Client(database.url);
  await other.connect();
  onTestFinished(() => other.end());
  /** How many statements wait for a lock. */
  const countWaiting = async () => {
    const [row] = await database.query(
      "select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return row?.waiting;
  };
  return { database, ours, other, countWaiting };
}

describe.skipIf(!HAS_POSTGRES)('locks on PostgreSQL', () => {
  it.each<[string, (ids: number[], storage: Storage) => Promise<unknown>]>([
    ['renewals', (ids, { runs }) => runs.renewLeases(ids)],
    ['failures', (ids, { runs }) => Promise.all(ids.map((id) => runs.failRun(id, 1, REFUSED, makeRunUsage())))],
    ['releases', (ids, { runs }) => Promise.all(ids.map((id) => runs.releaseRun(id, 1, makeRunUsage())))],
    [
      'completions',
      (ids, { runs }) =>
        Promise.all(ids.map((id) => runs.completeRun(1, makeNewResult({ ticket_id: id }), makeRunUsage()))),
    ],
    ['queued runs', (ids, { queuedRuns }) => Promise.all(ids.map((id) => queuedRuns.enqueueRun(id, { force: false })))],
    ['chunks of batches', (ticketIds, { batches }) => batches.enqueueChunk(1, { from: null, ticketIds, next: null })],
    ['claims', (ids, { runs }) => Promise.all(ids.map((id) => runs.claimRun(id, FORCE)))],
  ])('%s lock tickets in the order of their ids, so that two servers cannot deadlock', async (_name, change) => {
    const { ours, other, countWaiting } = await openWithOther();
    for (const id of IDS) await ours.runs.claimRun(id, FORCE);
    await other.query('BEGIN; SELECT FROM tickets WHERE id = 1 FOR UPDATE');
    const changing = change(IDS.toReversed(), ours);
    await expect.poll(countWaiting).toBe(1);
    await other.query('SELECT FROM tickets WHERE id > 1 FOR UPDATE NOWAIT'); // none of them is locked yet
    await other.query('COMMIT');
    await changing;
  });

  it('the recovery of a ticket without a run leaves it to a claim that is committed meanwhile', async () => {
    const { database, ours, other, countWaiting } = await openWithOther();
    await database.query("UPDATE tickets SET status = 'processing' WHERE id = 1");
    await other.query("BEGIN; UPDATE tickets SET status = 'processing' WHERE id = 1");
    await other.query(
      "INSERT INTO runs (ticket_id, number, status, lease_expires_at) VALUES (1, 1, 'running', now() + interval '5 s')",
    );
    const recovery = ours.runs.recoverExpiredRuns();
    await expect.poll(countWaiting).toBe(1);
    await other.query('COMMIT');
    await recovery;
    expect(await ours.tickets.findById(1)).toMatchObject({ status: 'processing' });
  });

  it('tickets are created while a heartbeat waits for a lock', async () => {
    const { ours, other, countWaiting } = await openWithOther();
    await ours.runs.claimRun(1, FORCE);
    await other.query('BEGIN; SELECT FROM tickets WHERE id = 1 FOR UPDATE');
    const renewal = ours.runs.renewLeases([1]);
    await expect.poll(countWaiting).toBe(1);
    expect(await ours.tickets.create(TICKET)).toMatchObject(TICKET);
    await other.query('COMMIT');
    expect(await renewal).toEqual([1]);
  });

  it.each<[string, string, (storage: Storage) => Promise<unknown>]>([
    [
      'ticket',
      "INSERT INTO idempotency_keys (client, key, request_hash, ticket_id) VALUES ('support', 'order-7', '', 1)",
      ({ tickets }) => tickets.createOnce(TICKET, KEY),
    ],
    [
      'batch',
      `INSERT INTO batches (definition, force, total, client, idempotency_key, request_hash)
        VALUES ('{}', false, 1, 'support', 'order-7', '')`,
      ({ batches }) => batches.create({ definition: { ids: IDS }, force: true, total: IDS.length }, KEY),
    ],
  ])('tickets are created while a %s waits for another one with its key', async (_name, insert, createOnce) => {
    const { ours, other, countWaiting } = await openWithOther();
    await other.query('BEGIN');
    await other.query(insert);
    const waiting = createOnce(ours);
    await expect.poll(countWaiting).toBe(1);
    expect(await ours.tickets.create(TICKET)).toMatchObject(TICKET);
    await other.query('ROLLBACK');
    expect(await waiting).toMatchObject({ isReplay: false });
  });

  it('a new ticket does not wait for expired keys, and is refused while its own cannot be deleted', async () => {
    const { database, ours, other } = await openWithOther();
    await ours.tickets.createOnce(TICKET, KEY);
    await database.letTimePass(25 * 3600);
    await other.query('BEGIN; SELECT FROM idempotency_keys FOR UPDATE');
    expect(await ours.tickets.createOnce(TICKET, { ...KEY, key: 'order-8' })).toMatchObject({ isReplay: false });
    await expect(ours.tickets.createOnce(TICKET, KEY)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await other.query('COMMIT');
    expect(await ours.tickets.createOnce(TICKET, KEY)).toMatchObject({ isReplay: false });
  });

  it('a write that waits until its time is up makes the storage not ready, although it can be read', async () => {
    const { ours, other } = await openWithOther();
    await other.query('BEGIN; LOCK TABLE tickets IN SHARE MODE');
    await expect(ours.tickets.create(TICKET)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await ours.tickets.findById(1)).toMatchObject(TICKET);
    expect(await ours.checkReadiness()).toBe('database_write');
    await other.query('COMMIT');
    await ours.tickets.create(TICKET);
    expect(await ours.checkReadiness()).toBeUndefined();
  });

  it('tickets are queued while more reports wait for a lock than the pool has connections', async () => {
    const { ours, other, countWaiting } = await openWithOther({ poolSize: 4 });
    await other.query('BEGIN; LOCK TABLE usage_daily');
    const reports = Array.from({ length: 5 }, () => ours.usage.report(PERIOD));
    await expect.poll(countWaiting).toBe(2);
    expect(await ours.queuedRuns.enqueueRun(1, { force: false })).toMatchObject({ state: 'queued' });
    await other.query('COMMIT');
    await Promise.all(reports);
  });
});
