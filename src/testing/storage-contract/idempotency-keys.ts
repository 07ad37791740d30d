import { describe, expect, it } from 'vitest';
import type { StorageKind } from '../storages.ts';
import { oneProcess, TICKET, twoProcesses } from './two-processes.ts';

const KEY = { client: 'support', key: 'order-7', requestHash: 'hash-of-x' };
const HOURS = 3600;

export function describeIdempotencyKeys(kind: StorageKind) {
  describe('tickets.createOnce', () => {
    it('creates one ticket for a key, also when two processes use it at once', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      const storages = Array.from({ length: 20 }, (_, n) => (n % 2 ? ours : theirs));
      const created = await Promise.all(storages.map(({ tickets }) => tickets.createOnce(TICKET, KEY)));
      const [first] = created;
      expect(created.map((answer) => answer?.ticket)).toEqual(Array(20).fill(first?.ticket));
      expect(created.filter((answer) => answer?.isReplay === false)).toHaveLength(1);
      expect(await database.query('SELECT raw_text FROM tickets')).toHaveLength(2); // with that of twoProcesses
    });

    it('returns undefined for the key of another request, and creates nothing', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      await ours.tickets.createOnce(TICKET, KEY);
      const other = { ...KEY, requestHash: 'hash-of-y' };
      expect(await theirs.tickets.createOnce({ ...TICKET, raw_text: 'y' }, other)).toBeUndefined();
      expect(await database.query("SELECT id FROM tickets WHERE raw_text = 'y'")).toEqual([]);
    });

    it('keeps the keys of clients apart', async () => {
      const { ours } = await oneProcess(kind);
      const first = await ours.tickets.createOnce(TICKET, KEY);
      const second = await ours.tickets.createOnce(TICKET, { ...KEY, client: 'crm' });
      expect(second).toMatchObject({ isReplay: false });
      expect(second?.ticket.id).not.toBe(first?.ticket.id);
    });

    it('forgets a key after 24 hours', async () => {
      const { database, ours } = await oneProcess(kind);
      const first = await ours.tickets.createOnce(TICKET, KEY);
      await database.letTimePass(24 * HOURS - 60);
      expect(await ours.tickets.createOnce(TICKET, KEY)).toMatchObject({
        ticket: { id: first?.ticket.id },
        isReplay: true,
      });
      await database.letTimePass(61);
      const second = await ours.tickets.createOnce(TICKET, KEY);
      expect(second).toMatchObject({ isReplay: false });
      expect(second?.ticket.id).not.toBe(first?.ticket.id);
      expect(await ours.tickets.createOnce(TICKET, KEY)).toEqual({ ticket: second?.ticket, isReplay: true });
      expect(await database.query('SELECT ticket_id FROM idempotency_keys')).toHaveLength(1);
    });

    it('deletes expired keys', async () => {
      const { database, ours } = await oneProcess(kind);
      for (const key of ['a', 'b', 'c']) await ours.tickets.createOnce(TICKET, { ...KEY, key });
      await database.letTimePass(25 * HOURS);
      await ours.tickets.createOnce(TICKET, KEY);
      expect(await database.query('SELECT key FROM idempotency_keys')).toEqual([{ key: KEY.key }]);
    });

    it('creates a new ticket when the first one has been deleted', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      const first = await ours.tickets.createOnce(TICKET, KEY);
      await theirs.tickets.delete(first?.ticket.id as number);
      const second = await ours.tickets.createOnce(TICKET, KEY);
      expect(second).toMatchObject({ isReplay: false });
      expect(second?.ticket.id).not.toBe(first?.ticket.id);
    });
  });
}
