import { closeSync, openSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';

/** Overwrites a page of the tickets table below its root with garbage. The table must have several pages. */
export function damageTickets(path: string): void {
  const sqlite = new Database(path);
  const page = sqlite.prepare("SELECT max(pageno) FROM dbstat WHERE name = 'tickets'").pluck().get() as number;
  sqlite.pragma('wal_checkpoint(TRUNCATE)'); // otherwise the page is read from the -wal file
  const size = sqlite.pragma('page_size', { simple: true }) as number;
  sqlite.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(size, 0xa5), 0, size, (page - 1) * size);
  closeSync(file);
}
