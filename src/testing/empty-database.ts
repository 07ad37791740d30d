import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../storage/sqlite/client.ts';

let bytes: Buffer | undefined;

/** Writes a SQLite file with all tables and no rows, so that most tests need not migrate a new one. */
export function writeEmptyDatabase(path: string): void {
  bytes ??= migrateNewFile();
  writeFileSync(path, bytes);
}

function migrateNewFile(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'ticket-service-'));
  openSqlite(`${folder}/app.db`).close();
  const file = readFileSync(`${folder}/app.db`);
  rmSync(folder, { recursive: true });
  return file;
}
