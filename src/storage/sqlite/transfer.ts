import Database from 'better-sqlite3';
import { getTableConfig } from 'drizzle-orm/sqlite-core';
import { inBatches, OMITTED_COLUMNS, type PortableRow, type TableName, type Transfer } from '../transfer.ts';
import { batches, idempotencyKeys, results, runs, ticketSearch, tickets, usageDaily } from './schema.ts';

const SCHEMA = {
  tickets,
  ticket_search: ticketSearch,
  results,
  batches,
  runs,
  usage_daily: usageDaily,
  idempotency_keys: idempotencyKeys,
};
/** For the lock of another process. */
const BUSY_TIMEOUT_MS = 5000;

/** Begins a transaction on a migrated database: a snapshot of a source, the only writer of a target. */
export async function openSqliteTransfer(path: string, mode: 'source' | 'target'): Promise<Transfer> {
  const sqlite = new Database(path, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  sqlite.pragma('synchronous = FULL');
  sqlite.exec(mode === 'source' ? 'BEGIN; SELECT 1 FROM sqlite_master' : 'BEGIN IMMEDIATE');

  return {
    count: async (table) => sqlite.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0,

    async *rows(table) {
      const { columns, primaryKey } = describeTable(table);
      const names = columns.map(({ name }) => name);
      const statement = sqlite.prepare<[], PortableRow>(`SELECT ${names} FROM ${table} ORDER BY ${primaryKey}`);
      for (const batch of inBatches(statement.iterate())) {
        yield batch.map((row) => mapRow(row, columns, (column, value) => column.mapFromDriverValue(value as never)));
      }
    },

    async insert(table, rows) {
      const { columns } = describeTable(table);
      const names = columns.map(({ name }) => name);
      const statement = sqlite.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map((name) => `@${name}`)})`);
      for (const row of rows) {
        statement.run(mapRow(row, columns, (column, value) => column.mapToDriverValue(value as never)));
      }
    },

    lastTicketId: async () =>
      sqlite.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'tickets'").pluck().get() ?? 0,

    async continueIds(lastTicketId) {
      sqlite.exec("DELETE FROM sqlite_sequence WHERE name = 'tickets'");
      sqlite.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('tickets', ?)").run(lastTicketId);
    },

    commit: async () => void sqlite.exec('COMMIT'),
    close: async () => void sqlite.close(),
  };
}

type Column = ReturnType<typeof getTableConfig>['columns'][number];

function describeTable(table: TableName) {
  const { columns, primaryKeys } = getTableConfig(SCHEMA[table]);
  const keys = primaryKeys[0]?.columns ?? columns.filter(({ primary }) => primary);
  return {
    columns: columns.filter(({ name }) => !OMITTED_COLUMNS.includes(name)).sort((a, b) => (a.name < b.name ? -1 : 1)),
    primaryKey: keys.map(({ name }) => name),
  };
}

function mapRow(row: PortableRow, columns: Column[], map: (column: Column, value: unknown) => unknown): PortableRow {
  const mapped: PortableRow = {};
  for (const column of columns) {
    const value = row[column.name] ?? null;
    mapped[column.name] = value === null ? null : map(column, value);
  }
  return mapped;
}
