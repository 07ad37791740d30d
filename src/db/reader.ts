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
  /** Prepares a query; what it returns finds the first row for the values of its placeholders. */
  first<Row extends { created_at: string }>(
    query: Query<Row>,
  ): (values: Record<string, string | number>) => Row | undefined;
  /** Runs reads that are to see the same state of the database. */
  read<T>(work: () => T): T;
  /** Makes the reads that follow see what is committed by then. */
  refresh(): void;
}

/**
 * The reads of one turn of the event loop see one snapshot of the database: SQLite takes three times as long for its
 * locks as for a row. The snapshot ends with the turn, or when this process commits something. Rows come as the driver
 * makes them, because drizzle's mapping takes as long as half a query.
 */
export function createReader(sqlite: Database.Database): Reader {
  const begin = sqlite.prepare('BEGIN');
  const commit = sqlite.prepare('COMMIT');
  function refresh(): void {
    if (sqlite.inTransaction) commit.run();
  }

  function read<T>(work: () => T): T {
    if (!sqlite.inTransaction) {
      begin.run();
      setImmediate(refresh);
    }
    return work();
  }

  return {
    db: drizzle(sqlite),
    read,
    refresh,
    first<Row extends { created_at: string }>(query: Query<Row>) {
      const { sql, params } = query.toSQL();
      const names = params.map((param) => (param as { name: string }).name);
      const statement = sqlite.prepare<unknown[], Row>(sql);
      return (values) =>
        read(() => {
          const row = statement.get(...names.map((name) => values[name]));
          if (row) row.created_at = toIso(row.created_at);
          return row;
        });
    },
  };
}
