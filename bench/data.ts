import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { openSqlite } from '../src/storage/sqlite/client.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../src/testing/fixtures.ts';
import { NEW_TICKET } from './ticket.ts';

/** The benchmark's files, on the disk of this checkout; removed at exit. */
export const FOLDER = mkdtempSync(fileURLToPath(new URL('../dist/bench-', import.meta.url)));
process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));

let fileCount = 0;
export function newFile(): string {
  fileCount += 1;
  return join(FOLDER, String(fileCount));
}

export interface DatabaseOptions {
  /** Number of tickets. */
  tickets: number;
  /** Whether they are processed. */
  withResults?: boolean;
}

/**
 * A new database with these tickets. The service's own code writes the first one; the others are copies of its rows, so
 * that a million tickets take seconds.
 */
export async function createDatabase({ tickets, withResults = false }: DatabaseOptions): Promise<string> {
  const file = newFile();
  const storage = openSqlite(file);
  if (tickets > 0) await storage.tickets.create(NEW_TICKET);
  if (tickets > 0 && withResults) {
    await storage.runs.claimRun(1, makeClaimOptions({ force: false, claim: true }));
    await storage.runs.completeRun(1, makeNewResult(), makeRunUsage());
  }
  await storage.close();
  if (tickets > 1) copyFirstRows(file, tickets);
  return file;
}

function copyFirstRows(file: string, count: number): void {
  const sqlite = new Database(file);
  for (const table of ['tickets', 'results', 'runs', 'ticket_search']) {
    const columns = sqlite.pragma(`table_info(${table})`) as { name: string }[];
    const names = columns.map(({ name }) => name);
    const values = names.map((name) => (name === 'id' || name === 'ticket_id' ? 'n' : name));
    sqlite.exec(`
      WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
      INSERT INTO ${table} (${names}) SELECT ${values} FROM numbers, (SELECT * FROM ${table} WHERE rowid = 1)`);
  }
  sqlite.close();
}

let large: Promise<string> | undefined;

/** The large database, with results. It is built once, because its users only read. */
export function largeDatabase(tickets: number): Promise<string> {
  large ??= createDatabase({ tickets, withResults: true });
  return large;
}
