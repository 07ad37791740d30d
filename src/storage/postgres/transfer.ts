import { getTableConfig, PgTimestampString } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { OMITTED_COLUMNS, type PortableRow, TABLES, type TableName, type Transfer } from '../transfer.ts';
import { parseConnectionUrl } from './connection-config.ts';
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
const { BOOL } = pg.types.builtins;
const BATCH_SIZE = 500;
const TABLES_WITH_ID = ['tickets', 'results', 'batches', 'runs'] as const;

/** Begins a transaction on a migrated database: a snapshot of a source, the only writer of a target. */
export async function openPostgresTransfer(databaseUrl: string, mode: 'source' | 'target'): Promise<Transfer> {
  const client = new pg.Client({
    ...parseConnectionUrl(databaseUrl),
    query_timeout: undefined, // a large table may take long
    // The schema's columns convert PostgreSQL's texts, except booleans.
    types: { getTypeParser: (type) => (type === BOOL ? pg.types.getTypeParser(type) : (value: unknown) => value) },
  });
  client.on('error', () => {}); // the next statement fails with it
  try {
    await begin(client, mode);
  } catch (error) {
    client.end();
    throw error;
  }

  const value = async (sql: string, values: unknown[] = []): Promise<string> => {
    const { rows } = await client.query({ text: sql, values, rowMode: 'array' });
    return rows[0]?.[0];
  };
  const sequenceOf = (table: string) => value("SELECT pg_get_serial_sequence($1, 'id')", [table]);

  return {
    count: async (table) => Number(await value(`SELECT count(*) FROM ${table}`)),

    async *rows(table) {
      const { columns, order } = describeTable(table);
      const names = columns.map(({ name }) => name);
      await client.query(`DECLARE copied CURSOR FOR SELECT ${names} FROM ${table} ORDER BY ${order}`);
      for (;;) {
        const { rows } = await client.query<PortableRow>(`FETCH ${BATCH_SIZE} FROM copied`);
        if (rows.length === 0) break;
        yield rows.map((row) => toPortable(row, columns));
      }
      await client.query('CLOSE copied');
    },

    async insert(table, rows) {
      const { columns } = describeTable(table);
      const names = columns.map(({ name }) => name);
      await client.query(
        `INSERT INTO ${table} (${names}) SELECT ${names} FROM json_populate_recordset(NULL::${table}, $1)`,
        [JSON.stringify(rows.map((row) => toRecord(row, columns)))],
      );
    },

    async lastTicketId() {
      return Number(
        await value(`SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ${await sequenceOf('tickets')}`),
      );
    },

    async continueIds(lastTicketId) {
      for (const table of TABLES_WITH_ID) {
        const last = Math.max(
          table === 'tickets' ? lastTicketId : 0,
          Number(await value(`SELECT coalesce(max(id), 0) FROM ${table}`)),
        );
        if (last > 0) await value('SELECT setval($1, $2)', [await sequenceOf(table), last]);
      }
    },

    async commit() {
      await client.query(`ANALYZE ${TABLES.join()}`); // without statistics, the first lists and searches would be slow
      await client.query('COMMIT');
    },
    close: () => client.end(),
  };
}

async function begin(client: pg.Client, mode: 'source' | 'target'): Promise<void> {
  await client.connect();
  await client.query(mode === 'source' ? 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' : 'BEGIN');
  await client.query("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 1");
  if (mode === 'target') await client.query(`LOCK TABLE ${TABLES.join()} IN ACCESS EXCLUSIVE MODE`);
}

type Column = ReturnType<typeof getTableConfig>['columns'][number];

function describeTable(table: TableName) {
  const { columns, primaryKeys } = getTableConfig(SCHEMA[table]);
  const keys = primaryKeys[0]?.columns ?? columns.filter(({ primary }) => primary);
  const texts = new Set(columns.filter((column) => column.getSQLType() === 'text').map(({ name }) => name));
  return {
    columns: columns.filter(({ name }) => !OMITTED_COLUMNS.includes(name)).sort((a, b) => (a.name < b.name ? -1 : 1)),
    order: keys.map(({ name }) => (texts.has(name) ? `${name} COLLATE "C"` : name)),
  };
}

/** Times that the API does not have are in ms since 1970. */
function toPortable(row: PortableRow, columns: Column[]): PortableRow {
  const portable: PortableRow = {};
  for (const column of columns) {
    const value = row[column.name] ?? null;
    if (value === null) portable[column.name] = null;
    else if (column instanceof PgTimestampString) portable[column.name] = Date.parse(String(value));
    else portable[column.name] = column.mapFromDriverValue(value as never);
  }
  return portable;
}

function toRecord(row: PortableRow, columns: Column[]): PortableRow {
  const record = { ...row };
  for (const column of columns) {
    const value = row[column.name];
    if (column instanceof PgTimestampString && value !== null)
      record[column.name] = new Date(Number(value)).toISOString();
  }
  return record;
}
