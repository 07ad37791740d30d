import { beforeAll, describe, expect, it } from 'vitest';
import type { TicketFilter, TicketListQuery, TicketPosition } from '../../storage/types.ts';
import { afterAllTests, type CleanUp } from '../clean-up.ts';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { FORCE, oneProcess, REFUSED, TICKET, twoProcesses } from './two-processes.ts';

const QUERY: TicketListQuery = { filter: {}, order: 'newest', limit: 100 };
const KEY = { client: '', key: 'k', requestHash: 'x' };

type Tickets = Awaited<ReturnType<typeof oneProcess>>['ours']['tickets'];

const idsOf = async (tickets: Tickets, filter: TicketFilter, order: TicketListQuery['order'] = 'newest') =>
  (await tickets.list({ ...QUERY, filter, order })).data.map(({ id }) => id);

/** The ids of all pages. */
async function readPages(tickets: Tickets, query: TicketListQuery): Promise<number[][]> {
  const pages: number[][] = [];
  for (let after: TicketPosition | undefined; ; ) {
    const { data, next } = await tickets.list({ ...query, after });
    pages.push(data.map(({ id }) => id));
    if (!next) return pages;
    after = next;
  }
}

/** Tickets 1 to 4, created on the 17th to 20th: new, failed, done (billing), done (bug). */
async function withStatuses(kind: StorageKind, cleanUp: CleanUp) {
  const { database, ours } = await oneProcess(kind, cleanUp);
  for (let id = 2; id <= 4; id += 1) await ours.tickets.create(TICKET);
  await ours.runs.claimRun(2, FORCE);
  await ours.runs.failRun(2, 1, REFUSED, makeRunUsage());
  for (const [ticket_id, category] of [
    [3, 'billing'],
    [4, 'bug'],
  ] as const) {
    await ours.runs.claimRun(ticket_id, FORCE);
    await ours.runs.completeRun(1, makeNewResult({ ticket_id, category }), makeRunUsage());
  }
  for (let id = 1; id <= 4; id += 1) {
    const source = id % 2 ? 'email' : 'phone';
    await database.query(
      `UPDATE tickets SET created_at = '2026-02-${16 + id} 12:00:00', source = '${source}' WHERE id = ${id}`,
    );
  }
  return ours;
}

export function describeList(kind: StorageKind) {
  describe('tickets.list', () => {
    const cleanUp = afterAllTests();
    let tickets: Tickets;
    beforeAll(async () => {
      ({ tickets } = await withStatuses(kind, cleanUp));
    });

    it('returns what the list shows of a ticket', async () => {
      const { data } = await tickets.list({
        ...QUERY,
        limit: 2,
        order: 'oldest',
        filter: { source: ['email'] },
      });
      const { summary } = makeNewResult();
      expect(data).toEqual([
        {
          id: 1,
          created_at: '2026-02-17T12:00:00Z',
          source: 'email',
          status: 'new',
          excerpt: 'x',
          category: null,
          summary: null,
        },
        {
          id: 3,
          created_at: '2026-02-19T12:00:00Z',
          source: 'email',
          status: 'done',
          excerpt: 'x',
          category: 'billing',
          summary,
        },
      ]);
    });

    it.each<[TicketFilter, number[]]>([
      [{}, [4, 3, 2, 1]],
      [{ status: ['done'] }, [4, 3]],
      [{ status: ['new', 'failed', 'new'] }, [2, 1]],
      [{ category: ['bug', 'billing'] }, [4, 3]],
      [{ category: ['other'] }, []],
      [{ source: ['email', 'fax'] }, [3, 1]],
      [{ source: ['email', 'phone'], status: ['done', 'new'] }, [4, 3, 1]],
      [{ source: ['phone'], category: ['bug'] }, [4]],
      [{ createdAfter: new Date('2026-02-18T12:00:00Z') }, [4, 3, 2]],
      [{ createdAfter: new Date('2026-02-18T12:00:00.001Z') }, [4, 3]],
      [{ createdBefore: new Date('2026-02-18T12:00:00Z') }, [1]],
      [{ createdBefore: new Date('2026-02-18T12:00:00.001Z') }, [2, 1]],
      [{ createdAfter: new Date('2026-02-18'), createdBefore: new Date('2026-02-20'), status: ['done'] }, [3]],
      [{ q: 'X' }, [4, 3, 2, 1]],
      [{ q: 'sign in', status: ['done'], source: ['email'] }, [3]],
    ])(
      'returns the tickets that match %j, in both orders and in pages, and tickets.count their number',
      async (filter, expected) => {
        expect(await idsOf(tickets, filter)).toEqual(expected);
        expect(await idsOf(tickets, filter, 'oldest')).toEqual(expected.toReversed());
        expect(await tickets.count(filter)).toBe(expected.length);
        for (const limit of [1, 2, 3]) {
          expect((await readPages(tickets, { ...QUERY, filter, limit })).flat()).toEqual(expected);
          const pages = await readPages(tickets, { filter, limit, order: 'oldest' });
          expect(pages.flat()).toEqual(expected.toReversed());
        }
      },
    );

    it('orders tickets of the same second by id, and ends with the last page', async () => {
      const { ours } = await oneProcess(kind);
      for (let id = 2; id <= 4; id += 1) await ours.tickets.create(TICKET);
      expect(await readPages(ours.tickets, { ...QUERY, limit: 2 })).toEqual([
        [4, 3],
        [2, 1],
      ]);
    });

    it('keeps the position while tickets are created and deleted', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      for (let id = 2; id <= 4; id += 1) await ours.tickets.create(TICKET);
      const { next } = await ours.tickets.list({ ...QUERY, limit: 2 });
      await theirs.tickets.create(TICKET);
      await theirs.tickets.delete(3);
      const { data } = await ours.tickets.list({ ...QUERY, after: next });
      expect(data.map(({ id }) => id)).toEqual([2, 1]);
    });
  });

  describe('tickets.list with q', () => {
    const cleanUp = afterAllTests();
    let tickets: Tickets;
    beforeAll(async () => {
      tickets = (await oneProcess(kind, cleanUp)).ours.tickets;
    });

    it.each([
      ['größe', 'Die GRÖSSE', 'grose'],
      ['GRÖSSE', 'die größe', 'grose'],
      ['請', '請求書', '求'],
      ['ПРИВЕТ', 'привет', 'пока'],
      ['οδος', 'ΟΔΟΣΗΜΑ', 'οδός'],
      ['تسجيل', 'تسجيل الدخول', 'فاتورة'],
      ['%', '100%', '100'],
      ['_', 'a_b', 'ab'],
      ['\\', 'a\\b', 'ab'],
      ["'", "don't", 'dont'],
    ])('finds %j in %j but not in %j', async (q, matching, other) => {
      const source = q; // the other tests have tickets in the database, too
      await tickets.create({ raw_text: other, source });
      const { id } = await tickets.create({ raw_text: matching, source });
      const keyed = await tickets.createOnce({ raw_text: matching, source }, { ...KEY, key: q });
      expect(await idsOf(tickets, { q, source: [source] })).toEqual([keyed?.ticket.id, id]);
    });

    it('finds a part of the stored summary, and no more when that is overwritten', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.completeRun(1, makeNewResult({ summary: 'ÄRGER' }), makeRunUsage());
      expect(await idsOf(theirs.tickets, { q: 'ärger' })).toEqual([1]);
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.completeRun(2, makeNewResult({ summary: 'Calm.', category: 'bug' }), makeRunUsage());
      expect(await idsOf(theirs.tickets, { q: 'ärger' })).toEqual([]);
      expect(await idsOf(theirs.tickets, { q: 'calm', category: ['bug'] })).toEqual([1]);
    });

    it('finds each of many simultaneous tickets by its own text', async () => {
      const { ours } = await oneProcess(kind);
      const texts = Array.from({ length: 300 }, (_, n) => `TEXT ${n}.`);
      const created = await Promise.all(texts.map((raw_text) => ours.tickets.create({ raw_text, source: 'web' })));
      for (const n of [0, 7, 150, 299])
        expect(await idsOf(ours.tickets, { q: `text ${n}.` })).toEqual([created[n]?.id]);
    });

    it('does not find deleted tickets, and keeps nothing of their texts', async () => {
      const { database, ours } = await oneProcess(kind);
      await ours.tickets.create(TICKET);
      await ours.tickets.delete(1);
      expect(await idsOf(ours.tickets, { q: 'x' })).toEqual([2]);
      await ours.tickets.deleteCreatedBefore(new Date(Date.now() + 60_000), 10);
      expect(await database.query('SELECT * FROM ticket_search')).toEqual([]);
    });
  });
}
