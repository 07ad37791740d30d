import { createHash } from 'node:crypto';

/** In the order of their foreign keys. */
export const TABLES = [
  'tickets',
  'ticket_search',
  'results',
  'batches',
  'runs',
  'usage_daily',
  'idempotency_keys',
] as const;
export type TableName = (typeof TABLES)[number];

/**
 * Not copied, because no server holds a lease on the copy: its first server abandons the runs that were under way.
 */
export const OMITTED_COLUMNS: readonly string[] = ['lease_owner', 'lease_expires_at'];

/**
 * A row in the form that all databases share, its columns in alphabetical order with values of JSON. Times are as in the
 * API, or in ms since 1970 where the API has none.
 */
export type PortableRow = Record<string, unknown>;

/** A transaction of one database, as source or as target of a copy. It is rolled back unless `commit` is called. */
export interface Transfer {
  count(table: TableName): Promise<number>;
  /** All rows in batches, in the byte order of the primary key. */
  rows(table: TableName): AsyncIterable<PortableRow[]>;
  insert(table: TableName, rows: PortableRow[]): Promise<void>;
  /** The highest id that a ticket has had, deleted ones included; 0 if there was none. */
  lastTicketId(): Promise<number>;
  /** New rows get higher ids than the copied ones, and new tickets than `lastTicketId`. */
  continueIds(lastTicketId: number): Promise<void>;
  commit(): Promise<void>;
  close(): Promise<void>;
}

export interface CopiedTable {
  table: TableName;
  rows: number;
  /** SHA-256 of the rows; the same for equal tables in all databases. */
  checksum: string;
}

/**
 * Copies all rows in one transaction of each database, reads them back, and commits only if they are equal.
 *
 * @param onProgress gets the number of rows copied so far and in total
 * @throws Error if the target has rows or the copy differs
 */
export async function copyTables(
  source: Transfer,
  target: Transfer,
  onProgress: (copied: number, total: number) => void,
): Promise<CopiedTable[]> {
  let total = 0;
  for (const table of TABLES) {
    if ((await target.count(table)) > 0) throw new Error(`the target must be empty, but it has rows in ${table}`);
    total += await source.count(table);
  }
  let copied = 0;
  const tables: CopiedTable[] = [];
  for (const table of TABLES) {
    const sent = createDigest();
    for await (const rows of source.rows(table)) {
      await target.insert(table, rows);
      sent.add(rows);
      copied += rows.length;
      onProgress(copied, total);
    }
    const stored = createDigest();
    for await (const rows of target.rows(table)) stored.add(rows);
    const [expected, actual] = [sent.finish(), stored.finish()];
    if (actual.checksum !== expected.checksum) throw new Error(`the copy of ${table} differs from the source`);
    tables.push({ table, ...actual });
  }
  await target.continueIds(await source.lastTicketId());
  await target.commit();
  return tables;
}

const BATCH_SIZE = 500;

export function* inBatches<T>(rows: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH_SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function createDigest() {
  const hash = createHash('sha256');
  let count = 0;
  return {
    add(rows: PortableRow[]): void {
      hash.update(rows.map((row) => `${JSON.stringify(Object.values(row))}\n`).join(''));
      count += rows.length;
    },
    finish: () => ({ rows: count, checksum: hash.digest('hex') }),
  };
}
