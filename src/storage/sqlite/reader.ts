import type Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { toIso } from './schema.ts';

/** A query that drizzle has built. */
interface Query<Row> {
  toSQL(): { sql: string };
  get(): Row | undefined;
}

/** All reads of the service that are not part of a write. */
export interface Reader {
  /** The connection, for what is to be prepared with drizzle. */
  db: BetterSQLite3Database;
  /** Prepares a query; what it returns finds the first row for the placeholders' values, which are in the SQL's order. */
  first<Row extends { created_at: string }>(query: Query<Row>): (...values: number[]) => Row | undefined;
  /** Runs reads that are to see one state of the database, the newest. */
  read<T>(work: () => T): T;
  /** Makes the reads that follow see what is committed by then. */
  refresh(): void;
}

/**
 * Requests that arrive in one piece, pipelined by a client, share a snapshot of the database, because SQLite's locks take
 * longer than a row: it is taken when they are all here, and ends before anything else is received, so that none misses what
 * was committed before it came. Rows come as the driver makes them, without drizzle's mapping.
 */
export function createReader(sqlite: Database.Database): Reader {
  const begin = sqlite.prepare('BEGIN');
  const commit = sqlite.prepare('COMMIT');
  let hasRead = false;
  let isOpen = false; // the driver's own `inTransaction` asks SQLite each time

  function refresh(): void {
    hasRead = false;
    if (isOpen) commit.run();
    isOpen = false;
  }

  /** Before each read: the first of a tick needs no snapshot, it may be the only one. */
  function share(): void {
    if (!hasRead) process.nextTick(refresh);
    else if (!isOpen) {
      begin.run();
      isOpen = true;
    }
    hasRead = true;
  }

  return {
    db: drizzle(sqlite),
    refresh,
    read<T>(work: () => T): T {
      refresh();
      return sqlite.transaction(work)();
    },
    first<Row extends { created_at: string }>(query: Query<Row>) {
      const statement = sqlite.prepare<number[], Row>(query.toSQL().sql);
      return (...values) => {
        share();
        const row = statement.get(...values);
        if (row) row.created_at = toIso(row.created_at);
        return row;
      };
    },
  };
}
