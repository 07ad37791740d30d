import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';

const HOUR_MS = 3_600_000;
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
