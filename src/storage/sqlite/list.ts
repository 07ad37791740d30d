import type Database from 'better-sqlite3';
import { EXCERPT_LENGTH, type TicketListEntry } from '../../schemas/ticket-list.ts';
import type { TicketFilter, TicketListPage, TicketListQuery } from '../types.ts';
import { listStatement, rangesStatement } from './list-statement.ts';
import { fromTimestamp } from './timestamp.ts';

/** More than clients use regularly. */
const MAX_STATEMENTS = 50;
/** Longer statements, for combinations of many values, take up to 1.6 MiB each. */
const MAX_KEPT_LENGTH = 16 * 1024;

interface Row {
  id: number;
  created_at: string;
  /** Null or 0: the ticket is not part of the list. */
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

  function findRows({ limit, ...query }: TicketListQuery, deadline: number) {
    const { sql, parameters } = listStatement(query);
    const found: Row[] = [];
    for (const row of prepare(sql).iterate(parameters)) {
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

/** Returns a function that counts the tickets of a filter. Without `q`, it reads nothing but an index. */
export function createTicketCount(sqlite: Database.Database) {
  return (filter: TicketFilter): number => {
    const { sql, parameters } = rangesStatement({ filter, order: 'oldest' });
    const statement = sqlite.prepare<[object], number>(`SELECT count(*) FROM (${sql}) WHERE isMatch`).pluck();
    return statement.get(parameters) ?? 0;
  };
}

/** Returns a function that prepares statements, which takes as long as reading a page, and keeps them. */
function cachePrepared(sqlite: Database.Database) {
  const statements = new Map<string, Database.Statement<[object], Row>>();
  return (sql: string) => {
    const known = statements.get(sql);
    if (known) return known;
    if (statements.size >= MAX_STATEMENTS) statements.clear();
    const statement = sqlite.prepare<[object], Row>(sql);
    if (sql.length <= MAX_KEPT_LENGTH) statements.set(sql, statement);
    return statement;
  };
}
