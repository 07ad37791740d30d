import type Database from 'better-sqlite3';
import { CATEGORIES } from '../../schemas/result.ts';
import { TICKET_STATUSES } from '../../schemas/ticket.ts';
import { EXCERPT_LENGTH, type TicketListEntry } from '../../schemas/ticket-list.ts';
import type { TicketFilter, TicketListPage, TicketListQuery } from '../types.ts';
import { fold } from './fold.ts';
import { fromTimestamp, toTimestamp } from './timestamp.ts';

/** A search looks at the clock once per so many tickets on average. */
const TICKETS_PER_CLOCK_READ = 1000;

/** More than clients use regularly; each takes some KiB. */
const MAX_STATEMENTS = 50;

/** Values of the first columns of an index on `tickets`. The names of the columns are that of the index. */
type Range = { source?: string; status?: string; category?: string | null };

interface Row {
  id: number;
  created_at: string;
  /** Null or 0: no match, returned only so that the clock is read. */
  isMatch: number | null;
}

/**
 * Returns a function that reads a page of tickets. After `deadline`, in the time of `performance.now()`, it returns what
 * it has found so far. It is plain SQL without drizzle, because the search thread must start quickly.
 */
export function createTicketList(sqlite: Database.Database) {
  const findEntries = sqlite.prepare<[string], TicketListEntry>(`
    SELECT tickets.id, tickets.created_at, source, status, substr(raw_text, 1, ${EXCERPT_LENGTH}) AS excerpt,
      results.category, summary
    FROM json_each(?) AS page JOIN tickets ON tickets.id = page.value LEFT JOIN results ON ticket_id = tickets.id
    ORDER BY page.key`);
  const prepare = cachePrepared(sqlite);

  function findRows({ filter, order, limit, after }: TicketListQuery, deadline: number) {
    const ranges = rangesOf(filter);
    const direction = order === 'newest' ? 'DESC' : 'ASC';
    // SQLite merges the ranges, which are in this order already, and reads only as many rows as are taken.
    const statement = prepare(
      `${ranges.map(toSelect(filter)).join(' UNION ALL ')} ORDER BY created_at ${direction}, id ${direction}`,
    );
    const found: Row[] = [];
    for (const row of statement.iterate(toParameters({ filter, order, after }, ranges))) {
      if (!row.isMatch) {
        if (found.length === limit || performance.now() > deadline) return { found, next: row };
      } else if (found.length === limit) return { found, next: found.at(-1) };
      else found.push(row);
    }
    return { found, next: undefined };
  }

  // In one transaction, so that another process cannot delete a ticket in between.
  return sqlite.transaction((query: TicketListQuery, deadline = Number.POSITIVE_INFINITY): TicketListPage => {
    const { found, next } = findRows(query, deadline);
    const entries = findEntries.all(JSON.stringify(found.map(({ id }) => id)));
    return {
      data: entries.map((entry) => ({ ...entry, created_at: fromTimestamp(entry.created_at) })),
      next: next && { id: next.id, created_at: fromTimestamp(next.created_at) },
    };
  });
}

/** Returns a function that prepares statements, which takes as long as reading a page, and keeps them for the next time. */
function cachePrepared(sqlite: Database.Database) {
  const statements = new Map<string, Database.Statement<[object], Row>>();
  return (source: string) => {
    const statement = statements.get(source) ?? sqlite.prepare<[object], Row>(source);
    if (statements.size >= MAX_STATEMENTS) statements.clear();
    statements.set(source, statement);
    return statement;
  };
}

/** The ranges of an index that together hold the tickets of a filter: one for each combination of values. */
function rangesOf({ status, category, source }: TicketFilter): Range[] {
  const combine = (ranges: Range[], column: keyof Range, values: readonly (string | null)[]) =>
    ranges.flatMap((range) => [...new Set(values)].map((value): Range => ({ ...range, [column]: value })));
  const ranges = source ? combine([{}], 'source', source) : [{}];
  if (!status && !category) return ranges;
  return combine(combine(ranges, 'status', status ?? TICKET_STATUSES), 'category', category ?? [...CATEGORIES, null]);
}

const IS_MATCH = String.raw`(text.raw_text LIKE @pattern ESCAPE '\' OR text.summary LIKE @pattern ESCAPE '\')`;

const toSelect =
  ({ q }: TicketFilter) =>
  (range: Range, n: number) => {
    const columns = Object.keys(range);
    return `
      SELECT tickets.id, tickets.created_at, ${q === undefined ? 1 : IS_MATCH} AS isMatch
      FROM tickets INDEXED BY tickets_${columns.join('_') || 'created_at'}
      ${q === undefined ? '' : 'CROSS JOIN ticket_search AS text ON text.ticket_id = tickets.id'}
      WHERE (tickets.created_at, tickets.id) > (@lowerTime, @lowerId)
      AND (tickets.created_at, tickets.id) < (@upperTime, @upperId)
      ${columns.map((column) => `AND tickets.${column} IS @${column}${n}`).join(' ')}
      ${q === undefined ? '' : `AND (${IS_MATCH} OR tickets.id % ${TICKETS_PER_CLOCK_READ} = 0)`}`;
  };

function toParameters({ filter, order, after }: Omit<TicketListQuery, 'limit'>, ranges: Range[]) {
  const { createdAfter, createdBefore, q = '' } = filter;
  const position = after && { time: toTimestamp(after.created_at), id: after.id };
  const first = { time: createdAfter ? toSecond(createdAfter) : '', id: 0 };
  const end = { time: createdBefore ? toSecond(createdBefore) : '~', id: 0 }; // any character after the digits
  const lower = order === 'oldest' && position ? position : first;
  const upper = order === 'newest' && position ? position : end;
  const values = ranges.flatMap((range, n) => Object.entries(range).map(([column, value]) => [`${column}${n}`, value]));
  return {
    ...Object.fromEntries(values),
    lowerTime: lower.time,
    lowerId: lower.id,
    upperTime: upper.time,
    upperId: upper.id,
    pattern: `%${fold(q).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`,
  };
}

/** The first whole second that is not before a time. */
const toSecond = (time: Date) => toTimestamp(new Date(Math.ceil(time.getTime() / 1000) * 1000).toISOString());
