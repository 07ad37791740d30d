import { describe, expect, it } from 'vitest';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { FORCE, oneProcess, REFUSED, REUSE, TICKET, twoProcesses } from './two-processes.ts';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

/** Texts that an encoding, a conversion or an escape could change. */
const TEXTS = [
  ['white space', ' \t\r\n x \n'],
  ['quotes and escapes', `'"\\ \\n $1 $$ %s ; -- /* {} ? :x`],
  ['control characters', '\u0001\u001b[31m\u007f\u0085'],
  ['other scripts and emoji', 'Grüße 日本語 العربية 🧑‍🚀 e\u0301 \ufeff\u202e'],
  ['long text', '€'.repeat(100_000)],
] as const;

export function describeTickets(kind: StorageKind) {
  describe('tickets.create', () => {
    it('returns the ticket as findById returns it', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      const created = await ours.tickets.create({ raw_text: 'y', source: 'email' });
      expect(created).toEqual({ id: 2, created_at: TIME, source: 'email', raw_text: 'y', status: 'new' });
      expect(Object.keys(created)).toEqual(['id', 'created_at', 'source', 'raw_text', 'status']);
      expect(await ours.tickets.findById(2)).toEqual(created);
      expect(await theirs.tickets.findById(2)).toEqual(created);
    });

    it('sets the time in UTC', async () => {
      const { ours } = await oneProcess(kind);
      const before = Math.floor(Date.now() / 1000) * 1000;
      const { created_at } = await ours.tickets.create(TICKET);
      expect(Date.parse(created_at)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(created_at)).toBeLessThanOrEqual(Date.now());
    });

    it.each(TEXTS)('stores %s unchanged', async (_name, raw_text) => {
      const { ours } = await oneProcess(kind);
      const { id } = await ours.tickets.create({ raw_text, source: raw_text.slice(0, 50) });
      expect(await ours.tickets.findById(id)).toMatchObject({ raw_text, source: raw_text.slice(0, 50) });
    });

    it('creates each of many simultaneous tickets once, with an id of its own', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      const create = (n: number) => (n % 2 ? ours : theirs).tickets.create({ raw_text: `text ${n}`, source: 'web' });
      const created = await Promise.all(Array.from({ length: 500 }, (_, n) => create(n)));
      expect(created.map(({ raw_text }) => raw_text)).toEqual(Array.from({ length: 500 }, (_, n) => `text ${n}`));
      const stored = await database.query('SELECT id, raw_text FROM tickets WHERE id > 1');
      const texts = new Map(stored.map(({ id, raw_text }) => [Number(id), raw_text]));
      expect(texts).toEqual(new Map(created.map(({ id, raw_text }) => [id, raw_text])));
    });

    it('never gives the id of a deleted ticket to another one', async () => {
      const { ours } = await oneProcess(kind);
      await ours.tickets.delete(1);
      expect(await ours.tickets.create(TICKET)).toMatchObject({ id: 2 });
    });
  });

  describe('tickets.findById', () => {
    it('sees what any process has just committed', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      for (let id = 2; id <= 20; id += 1) {
        await ours.tickets.create(TICKET);
        expect(await ours.tickets.findById(id)).toMatchObject({ id });
        expect(await theirs.tickets.findById(id)).toMatchObject({ id });
      }
    });

    it.each([0, 2, 2 ** 31, Number.MAX_SAFE_INTEGER])('returns undefined for the unknown id %i', async (id) => {
      const { ours } = await oneProcess(kind);
      expect(await ours.tickets.findById(id)).toBeUndefined();
      expect(await ours.results.findByTicketId(id)).toBeUndefined();
      expect(await ours.runs.claimRun(id, FORCE)).toEqual({ state: 'ticket_not_found' });
      expect(await ours.tickets.delete(id)).toBe(false);
    });
  });

  describe('tickets.countByStatus', () => {
    it('counts the tickets of every status', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      for (let id = 2; id <= 5; id += 1) await ours.tickets.create(TICKET);
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      await ours.runs.claimRun(2, FORCE);
      await ours.runs.failRun(2, 1, REFUSED, makeRunUsage());
      await ours.runs.claimRun(3, REUSE);
      expect(await theirs.tickets.countByStatus()).toEqual({ new: 2, processing: 1, done: 1, failed: 1 });
      await database.query('DELETE FROM tickets WHERE id > 3');
      const later = await database.open();
      expect(await later.tickets.countByStatus()).toEqual({ new: 0, processing: 1, done: 1, failed: 1 });
    });
  });

  describe('checkReadiness', () => {
    it('finds no failure in a storage that can be read and written', async () => {
      const { ours } = await oneProcess(kind);
      expect(await ours.checkReadiness()).toBeUndefined();
    });
  });
}
