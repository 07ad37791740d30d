import { describe, expect, it } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import type { TicketFilter, TicketListQuery } from '../types.ts';
import { createTicketList } from './list.ts';
import { listStatement } from './list-statement.ts';

const QUERY: TicketListQuery = { filter: {}, order: 'newest', limit: 100 };
const EXPIRED = 0;

/** A database file with this many tickets, of which every hundredth contains the word `needle`. */
function withTickets(count: number) {
  const { path, storage } = openTestStorage();
  const sqlite = openSqliteFile(path);
  sqlite.exec(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    INSERT INTO tickets (source, raw_text) SELECT 'web', iif(n % 100 = 50, 'needle', 'hay') FROM numbers;
    INSERT INTO ticket_search (ticket_id, raw_text) SELECT id, raw_text FROM tickets`);
  return { storage, sqlite, list: createTicketList(sqlite) };
}

describe('a search', () => {
  it('returns what it has found when its time is over, and continues there', () => {
    const { list } = withTickets(3500);
    const pages: number[][] = [];
    let { after } = QUERY;
    do {
      const { data, next } = list({ ...QUERY, filter: { q: 'needle' }, after }, EXPIRED);
      pages.push(data.map(({ id }) => id));
      after = next;
    } while (after);
    expect(pages.map(({ length }) => length)).toEqual([5, 10, 10, 10]);
    expect(pages.flat()).toEqual(Array.from({ length: 35 }, (_, i) => 3450 - 100 * i));
  });

  it('gets nearer to the end also when nothing is found', () => {
    const { list } = withTickets(3500);
    const { data, next } = list({ ...QUERY, filter: { q: 'cow' }, order: 'oldest' }, EXPIRED);
    expect(data).toEqual([]);
    expect(next).toMatchObject({ id: 1000 });
  });

  it('does not read to the end when the page is full', () => {
    const { list } = withTickets(3500);
    const { data, next } = list({ ...QUERY, filter: { q: 'needle' }, limit: 3 });
    expect(data).toHaveLength(3);
    expect(next).toMatchObject({ id: 3250 });
  });
});

describe('the statements', () => {
  it.each<[string, TicketFilter]>([
    ['tickets_created_at', {}],
    ['tickets_created_at', { createdAfter: new Date(0), createdBefore: new Date() }],
    ['tickets_status_category', { status: ['new', 'failed'] }],
    ['tickets_status_category', { category: ['bug'] }],
    ['tickets_source', { source: ['web', 'email'] }],
    ['tickets_source_status_category', { source: ['web'], status: ['done'], category: ['bug', 'other'] }],
  ])('read an index in its order: %s for %j', (index, filter) => {
    const { sqlite } = withTickets(1);
    for (const order of ['newest', 'oldest'] as const) {
      const { sql, parameters } = listStatement({ filter, order });
      const steps = sqlite.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters) as { detail: string }[];
      const plan = steps.map(({ detail }) => detail).join('\n');
      expect(plan).toContain(`USING COVERING INDEX ${index} (`);
      expect(plan).toContain('created_at>? AND created_at<?)');
      expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
    }
  });
});
