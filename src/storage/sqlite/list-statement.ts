import { fold } from '../fold.ts';
import { type TicketRange, toRanges } from '../ticket-ranges.ts';
import type { TicketListQuery } from '../types.ts';
import { toTimestamp } from './timestamp.ts';

type Query = Omit<TicketListQuery, 'limit'>;

interface Statement {
  sql: string;
  parameters: object;
}

/** A search looks at the clock once per so many tickets on average. */
const TICKETS_PER_CLOCK_READ = 1000;

const IS_MATCH = String.raw`(text.raw_text LIKE @pattern ESCAPE '\' OR text.summary LIKE @pattern ESCAPE '\')`;

/**
 * The statement that finds the tickets of a list, in its order. With `q`, it also returns a few tickets that do not
 * match, so that its reader can look at the clock. SQLite merges the ranges, which are in the list's order already, and
 * reads only as many rows as are taken.
 */
export function listStatement(query: Query): Statement {
  const { sql, parameters } = rangesStatement(query);
  const direction = query.order === 'newest' ? 'DESC' : 'ASC';
  return { sql: `${sql} ORDER BY created_at ${direction}, id ${direction}`, parameters };
}

/** The same in any order. */
export function rangesStatement({ filter, order, after }: Query): Statement {
  const ranges = toRanges(filter);
  const selects = ranges.map((range, n) => selectRange(range, n, filter.q !== undefined));
  const values = ranges.flatMap((range, n) => Object.entries(range).map(([column, value]) => [column + n, value]));
  return {
    sql: selects.join(' UNION ALL '),
    parameters: {
      ...Object.fromEntries(values),
      ...boundsOf({ filter, order, after }),
      pattern: toPattern(filter.q ?? ''),
    },
  };
}

function selectRange(range: TicketRange, n: number, isSearch: boolean): string {
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

/** `~` is after the digits. */
const AFTER_ALL = '~';

/** The next second's year has five digits. */
const LAST_SECOND = Date.parse('9999-12-31T23:59:59Z');

/** The positions between which the page lies. */
function boundsOf({ filter: { createdAfter, createdBefore }, order, after }: Query) {
  const position = after && { time: toTimestamp(after.created_at), id: after.id };
  const first = { time: createdAfter ? toSecond(createdAfter) : '', id: 0 };
  const end = { time: createdBefore ? toSecond(createdBefore) : AFTER_ALL, id: 0 };
  const lower = order === 'oldest' && position ? position : first;
  const upper = order === 'newest' && position ? position : end;
  return { lowerTime: lower.time, lowerId: lower.id, upperTime: upper.time, upperId: upper.id };
}

/** The first whole second that is not before a time. */
function toSecond(time: Date): string {
  if (time.getTime() > LAST_SECOND) return AFTER_ALL;
  return toTimestamp(new Date(Math.ceil(time.getTime() / 1000) * 1000).toISOString());
}

const toPattern = (text: string) => `%${fold(text).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
