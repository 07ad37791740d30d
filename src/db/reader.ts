import type Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { toIso } from './schema.ts';

/** A query that drizzle has built. */
interface Query<Row> {
  toSQL(): { sql: string; params: unknown[] };
  get(): Row | undefined;
}

/** All reads of the service that are not part of a write. */
export interface Reader {
  /** The connection, for what is to be prepared with drizzle. */
  db: BetterSQLite3Database;
  /** Prepares a query; what it returns, for a request that has just arrived, is the first row for the placeholders' values. */
  first<Row extends { created_at: string }>(
    query: Query<Row>,
  ): (values: Record<string, string | number>) => Row | undefined;
  /** Runs reads that are to see one state of the database, the newest. */
  read<T>(work: () => T): T;
  /** Makes the reads that follow see what is committed by then. */
  refresh(): void;
}

/**
 * The reads of requests that arrive in one turn of the event loop share a snapshot of the database, because SQLite's locks
 * take longer than a row. It ends when all that has arrived is dealt with (which is why only what a request asks for as it
 * arrives may be read so: later in the turn it would last into the next one), or when this process commits something. Rows
 * come as the driver makes them, without drizzle's mapping.
 */
export function createReader(sqlite: Database.Database): Reader {
  const begin = sqlite.prepare('BEGIN');
  const commit = sqlite.prepare('COMMIT');
  let isOpen = false; // the driver's own `inTransaction` asks SQLite each time
  function refresh(): void {
    if (!isOpen) return;
    isOpen = false;
    commit.run();
  }

  return {
    db: drizzle(sqlite),
    refresh,
    read<T>(work: () => T): T {
      refresh();
      return sqlite.transaction(work)();
    },
    first<Row extends { created_at: string }>(query: Query<Row>) {
      const { sql, params } = query.toSQL();
      const names = params.map((param) => (param as { name: string }).name);
      const statement = sqlite.prepare<unknown[], Row>(sql);
      return (values) => {
        if (!isOpen) {
          begin.run();
          isOpen = true;
          setImmediate(refresh);
        }
        const row = statement.get(...names.map((name) => values[name]));
        if (row) row.created_at = toIso(row.created_at);
        return row;
      };
    },
  };
}
