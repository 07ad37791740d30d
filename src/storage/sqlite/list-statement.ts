import { CATEGORIES } from '../../schemas/result.ts';
import { TICKET_STATUSES } from '../../schemas/ticket.ts';
import type { TicketFilter, TicketListQuery } from '../types.ts';
import { fold } from './fold.ts';
import { toTimestamp } from './timestamp.ts';

/** Values of the first columns of an index on `tickets`. The columns' names make the name of the index. */
type Range = { source?: string; status?: string; category?: string | null };

type Query = Omit<TicketListQuery, 'limit'>;

/** A search looks at the clock once per so many tickets on average. */
const TICKETS_PER_CLOCK_READ = 1000;

const IS_MATCH = String.raw`(text.raw_text LIKE @pattern ESCAPE '\' OR text.summary LIKE @pattern ESCAPE '\')`;

/**
 * The statement that finds the tickets of a list, in its order. With `q`, it also returns a few tickets that do not
 * match, so that its reader can look at the clock. SQLite merges the ranges, which are in the list's order already, and
 * reads only as many rows as are taken.
 */
export function listStatement({ filter, order, after }: Query): { sql: string; parameters: object } {
  const ranges = rangesOf(filter);
  const direction = order === 'newest' ? 'DESC' : 'ASC';
  const selects = ranges.map((range, n) => selectRange(range, n, filter.q !== undefined));
  const values = ranges.flatMap((range, n) => Object.entries(range).map(([column, value]) => [column + n, value]));
  return {
    sql: `${selects.join(' UNION ALL ')} ORDER BY created_at ${direction}, id ${direction}`,
    parameters: { ...Object.fromEntries(values), ...boundsOf({ filter, order, after }), pattern: patternOf(filter) },
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

function selectRange(range: Range, n: number, isSearch: boolean): string {
  const columns = Object.keys(range);
  return `
    SELECT tickets.id, tickets.created_at, ${isSearch ? IS_MATCH : 1} AS isMatch
    FROM tickets INDEXED BY tickets_${columns.join('_') || 'created_at'}
    ${isSearch ? 'CROSS JOIN ticket_search AS text ON text.ticket_id = tickets.id' : ''}
    WHERE (tickets.created_at, tickets.id) > (@lowerTime, @lowerId)
    AND (tickets.created_at, tickets.id) < (@upperTime, @upperId)
    ${columns.map((column) => `AND tickets.${column} IS @${column}${n}`).join(' ')}
    ${isSearch ? `AND (${IS_MATCH} OR tickets.id % ${TICKETS_PER_CLOCK_READ} = 0)` : ''}`;
}

/** The positions between which the page lies. */
function boundsOf({ filter: { createdAfter, createdBefore }, order, after }: Query) {
  const position = after && { time: toTimestamp(after.created_at), id: after.id };
  const first = { time: createdAfter ? toSecond(createdAfter) : '', id: 0 };
  const end = { time: createdBefore ? toSecond(createdBefore) : '~', id: 0 }; // `~` is after the digits
  const lower = order === 'oldest' && position ? position : first;
  const upper = order === 'newest' && position ? position : end;
  return { lowerTime: lower.time, lowerId: lower.id, upperTime: upper.time, upperId: upper.id };
}

/** The first whole second that is not before a time. */
const toSecond = (time: Date) => toTimestamp(new Date(Math.ceil(time.getTime() / 1000) * 1000).toISOString());

const patternOf = ({ q = '' }: TicketFilter) => `%${fold(q).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
