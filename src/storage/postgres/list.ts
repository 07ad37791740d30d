import { type SQL, sql } from 'drizzle-orm';
import { EXCERPT_LENGTH, type TicketListEntry } from '../../schemas/ticket-list.ts';
import { fold } from '../fold.ts';
import { createCountQueue, createSearchQueue } from '../search-queue.ts';
import { type TicketRange, toRanges } from '../ticket-ranges.ts';
import type { TicketFilter, TicketListPage, TicketListQuery, TicketPosition, TicketRepository } from '../types.ts';
import type { Connections } from './connections.ts';

/** Searches at a time. Each occupies a core of the database's host. */
const SEARCHES = 2;

/** Tickets that one statement of a search reads: few at first, because frequent words are found soon. */
const FIRST_BLOCK = 1000;
const MAX_BLOCK = 20_000;

type Row = TicketPosition & {
  isMatch: boolean;
  /** Counts the tickets of the block from 1. */
  number: number;
};

/** Lists go to the pool, because their statements may take longer than others. */
export function createTicketList(pool: Connections['pool']): TicketRepository['list'] {
  const query = async <T>(statement: SQL) => (await pool.execute(statement)).rows as T[];

  async function toPage(rows: Row[], next: TicketPosition | undefined): Promise<TicketListPage> {
    const data = rows.length > 0 ? await query<TicketListEntry>(selectEntries(rows.map(({ id }) => id))) : [];
    return { data, next: next && { id: next.id, created_at: next.created_at } };
  }

  async function list(request: TicketListQuery): Promise<TicketListPage> {
    const rows = await query<Row>(selectBlock(request, request.limit + 1));
    const page = rows.slice(0, request.limit);
    return toPage(page, rows.length > page.length ? page.at(-1) : undefined);
  }

  async function search(request: TicketListQuery, budgetMs: number): Promise<TicketListPage> {
    const deadline = performance.now() + budgetMs;
    const found: Row[] = [];
    let after = request.after;
    for (let size = FIRST_BLOCK; ; size = Math.min(4 * size, MAX_BLOCK)) {
      const rows = await query<Row>(selectBlock({ ...request, after }, size));
      const matches = rows.filter(({ isMatch }) => isMatch);
      const isFull = found.length + matches.length > request.limit;
      found.push(...matches.slice(0, request.limit - found.length));
      if (isFull) return toPage(found, found.at(-1));
      const last = rows.at(-1);
      if (!last || last.number < size) return toPage(found, undefined);
      if (found.length === request.limit || performance.now() > deadline) return toPage(found, last);
      after = last;
    }
  }

  const enqueueSearch = createSearchQueue(search, SEARCHES);
  return (request) => (request.filter.q === undefined ? list(request) : enqueueSearch(request));
}

/** Returns a function that counts the tickets of a filter. With `q`, 100,000 take 0.4 s. */
export function createTicketCount(slow: Connections['slow']): TicketRepository['count'] {
  return createCountQueue(async (filter) => {
    const bounds = isBetween({ filter, order: 'oldest' });
    const parts = toRanges(filter).map((range) => sql`select id from tickets where ${bounds} ${isInRange(range)}`);
    const matching = sql`join ticket_search on ticket_id = id and (${isMatch(filter)})`;
    const { rows } = await slow.execute(sql`
      select count(*) from (${sql.join(parts, sql` union all `)}) as parts ${filter.q === undefined ? sql`` : matching}`);
    return Number(rows[0]?.count);
  });
}

/** The matches among the next `size` tickets of a list, in its order, and always the last of these tickets. */
export function selectBlock({ filter, order, after }: TicketListQuery, size: number): SQL {
  const direction = sql.raw(order === 'newest' ? 'desc' : 'asc');
  const bounds = isBetween({ filter, order, after });
  // Each part is in the list's order already, so that PostgreSQL merges them and reads only as many rows as are taken.
  // For PostgreSQL, `category is null` is no constant. So that part is ordered as the index is, by the category first,
  // and its rows are sorted again.
  const parts = toRanges(filter).map(
    (range) => sql`(select id, created_at from tickets where ${bounds} ${isInRange(range)}
      order by ${range.category === null ? sql`category ${direction},` : sql``} created_at ${direction}, id ${direction}
      limit ${size})`,
  );
  // Without `offset 0`, PostgreSQL may read the texts of all tickets and join them with the block.
  const match =
    filter.q === undefined
      ? sql`(select true as is_match) as match`
      : sql`lateral (select ${isMatch(filter)} as is_match from ticket_search where ticket_id = id offset 0) as match`;
  return sql`
    with block as materialized (
      select id, created_at, row_number() over (order by created_at ${direction}, id ${direction}) as number
      from (${sql.join(parts, sql` union all `)}) as parts
      order by created_at ${direction}, id ${direction} limit ${size})
    select id::float8, ${toTime(sql`created_at`)} as created_at, number::float8, is_match as "isMatch"
    from block cross join ${match}
    where is_match or number = (select max(number) from block)
    order by number`;
}

function isMatch({ q = '' }: TicketFilter): SQL {
  const part = fold(q);
  return sql`strpos(raw_text, ${part}) > 0 or coalesce(strpos(summary, ${part}) > 0, false)`;
}

/** The tickets between the bounds of the filter and the position of the page. */
function isBetween({ filter, order, after }: Pick<TicketListQuery, 'filter' | 'order' | 'after'>): SQL {
  const first = { created_at: filter.createdAfter?.toISOString() ?? '-infinity', id: 0 };
  const end = { created_at: filter.createdBefore?.toISOString() ?? 'infinity', id: 0 };
  const lower = (order === 'oldest' && after) || first;
  const upper = (order === 'newest' && after) || end;
  return sql`(created_at, id) > (${lower.created_at}::timestamptz, ${lower.id}::bigint)
    and (created_at, id) < (${upper.created_at}::timestamptz, ${upper.id}::bigint)`;
}

const isInRange = (range: TicketRange): SQL =>
  sql.join(
    Object.entries(range).map(([column, value]) =>
      value === null ? sql`and ${sql.identifier(column)} is null` : sql`and ${sql.identifier(column)} = ${value}`,
    ),
    sql` `,
  );

const selectEntries = (ids: number[]): SQL => sql`
  select tickets.id::float8, ${toTime(sql`tickets.created_at`)} as created_at, source, status,
    left(raw_text, ${EXCERPT_LENGTH}) as excerpt, results.category, summary
  from unnest(${sql.param(ids)}::bigint[]) with ordinality as page (id, number)
    join tickets using (id) left join results on ticket_id = tickets.id
  order by page.number`;

const toTime = (column: SQL): SQL => sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
