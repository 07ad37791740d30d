import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';

const HOUR_MS = 3_600_000;
const FORCE = makeClaimOptions({ force: true });
const TICKET = { raw_text: 'x', source: 'web' };
const KEY = { client: 'support', key: 'order-7', requestHash: 'hash-of-x' };

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());
const advanceClock = (ms: number) => void vi.setSystemTime(Date.now() + ms);

function twoProcesses() {
  const { path, storage: ours } = openTestStorage();
  return { path, ours, theirs: openTestStorage({}, path).storage };
}

describe('createOnce', () => {
  it('creates one ticket for a key, also when two processes use it at once', async () => {
    const { ours, theirs } = twoProcesses();
    const created = await Promise.all([ours, theirs, ours].map(({ tickets }) => tickets.createOnce(TICKET, KEY)));
    expect(new Set(created.map((answer) => answer?.ticket.id))).toEqual(new Set([1]));
    expect(created.map((answer) => answer?.isReplay).sort()).toEqual([false, true, true]);
    expect(await ours.tickets.countByStatus()).toMatchObject({ new: 1 });
  });

  it('returns undefined for the key of another request, and creates nothing', async () => {
    const { ours } = twoProcesses();
    await ours.tickets.createOnce(TICKET, KEY);
    expect(await ours.tickets.createOnce({ ...TICKET, raw_text: 'y' }, { ...KEY, requestHash: 'y' })).toBeUndefined();
    expect(await ours.tickets.findById(2)).toBeUndefined();
  });

  it('keeps the keys of clients apart', async () => {
    const { ours } = twoProcesses();
    await ours.tickets.createOnce(TICKET, KEY);
    expect(await ours.tickets.createOnce(TICKET, { ...KEY, client: 'crm' })).toMatchObject({ ticket: { id: 2 } });
  });

  it('forgets a key after 24 hours', async () => {
    const { path, ours } = twoProcesses();
    await ours.tickets.createOnce(TICKET, KEY);
    advanceClock(24 * HOUR_MS - 1000);
    expect(await ours.tickets.createOnce(TICKET, KEY)).toMatchObject({ ticket: { id: 1 }, isReplay: true });
    advanceClock(2000);
    expect(await ours.tickets.createOnce(TICKET, KEY)).toMatchObject({ ticket: { id: 2 }, isReplay: false });
    expect(openSqliteFile(path).prepare('SELECT count(*) FROM idempotency_keys').pluck().get()).toBe(1);
  });

  it('deletes expired keys in small portions and never returns the ticket of one', async () => {
    const { path, ours } = twoProcesses();
    const sqlite = openSqliteFile(path);
    await ours.tickets.create(TICKET);
    sqlite.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
      INSERT INTO idempotency_keys SELECT 'support', 'old-' || i, 'hash-of-x', 1, i FROM n`);
    const count = () => sqlite.prepare('SELECT count(*) FROM idempotency_keys').pluck().get();
    const last = { ...KEY, key: 'old-250' };
    expect(await ours.tickets.createOnce(TICKET, last)).toMatchObject({ ticket: { id: 2 }, isReplay: false });
    expect(count()).toBe(150);
    expect(await ours.tickets.createOnce(TICKET, last)).toMatchObject({ ticket: { id: 2 }, isReplay: true });
    await ours.tickets.createOnce(TICKET, KEY);
    expect(count()).toBe(2);
  });

  it('creates a new ticket when the first one has been deleted', async () => {
    const { ours } = twoProcesses();
    await ours.tickets.createOnce(TICKET, KEY);
    await ours.tickets.delete(1);
    expect(await ours.tickets.createOnce(TICKET, KEY)).toMatchObject({ ticket: { id: 2 }, isReplay: false });
  });
});

describe('delete', () => {
  it('deletes the ticket with its result, runs and keys', async () => {
    const { path, ours, theirs } = twoProcesses();
    await ours.tickets.createOnce(TICKET, KEY);
    await ours.tickets.create(TICKET);
    await ours.runs.claimRun(1, FORCE);
    await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
    expect(await theirs.tickets.delete(1)).toBe(true);
    expect(await ours.tickets.delete(1)).toBe(false);
    expect(await ours.tickets.findById(1)).toBeUndefined();
    expect(await ours.runs.findRun(1, 1)).toBeUndefined();
    const sqlite = openSqliteFile(path);
    const count = (table: string) => sqlite.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
    expect(['tickets', 'results', 'runs', 'idempotency_keys', 'ticket_search'].map(count)).toEqual([1, 0, 0, 0, 1]);
    expect(sqlite.pragma('foreign_key_check')).toEqual([]);
  });

  it('fences off a run under way', async () => {
    const { ours, theirs } = twoProcesses();
    await ours.tickets.create(TICKET);
    await ours.runs.claimRun(1, FORCE);
    await theirs.tickets.delete(1);
    expect(await ours.runs.renewLeases([1])).toEqual([]);
    expect(await ours.runs.completeRun(1, makeNewResult(), makeRunUsage())).toBeUndefined();
    expect(await ours.runs.failRun(1, 1, { code: 'llm_timeout', message: 'late' }, makeRunUsage())).toBe(false);
    expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'released' });
    expect(await ours.runs.claimRun(1, FORCE)).toEqual({ state: 'ticket_not_found' });
    expect(await ours.results.findByTicketId(1)).toBeUndefined();
  });

  it('leaves nothing of the text in the database file after a checkpoint', async () => {
    const { path, ours } = twoProcesses();
    const secret = `secret-${'0123456789'.repeat(2000)}`; // longer than a page
    await ours.tickets.create({ raw_text: secret, source: 'web' });
    await ours.runs.claimRun(1, FORCE);
    await ours.runs.completeRun(1, makeNewResult({ summary: `short ${secret.slice(0, 30)}` }), makeRunUsage());
    const sqlite = openSqliteFile(path);
    const occurs = () => {
      sqlite.pragma('wal_checkpoint(TRUNCATE)');
      return readFileSync(path).includes('secret-') || readFileSync(path).includes('0123456789');
    };
    expect(occurs()).toBe(true);
    await ours.tickets.delete(1);
    expect(occurs()).toBe(false);
  });
});

describe('deleteCreatedBefore', () => {
  it('deletes the oldest tickets first, at most so many, and none twice', async () => {
    const { path, ours, theirs } = twoProcesses();
    for (let id = 1; id <= 25; id += 1) await ours.tickets.create(TICKET);
    openSqliteFile(path).exec("UPDATE tickets SET created_at = '2026-02-17 00:00:' || printf('%02d', id)");
    const before = new Date('2026-02-17T00:00:21Z');
    expect(await ours.tickets.deleteCreatedBefore(before, 5)).toBe(5);
    expect(await ours.tickets.findById(5)).toBeUndefined();
    expect(await ours.tickets.findById(6)).toBeDefined();
    const counts = await Promise.all(
      [ours, theirs, ours, theirs].map(({ tickets }) => tickets.deleteCreatedBefore(before, 7)),
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(15);
    expect(await ours.tickets.findById(21)).toBeDefined();
  });
});
