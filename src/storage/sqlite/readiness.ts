import type Database from 'better-sqlite3';
import type { WriteBatcher } from './write-batcher.ts';

/** For how long an answer holds, in ms: whoever may ask often, the disk has one more write a second. */
const CACHE_TTL_MS = 1000;

type Failed = 'database_read' | 'database_write' | undefined;

/** What of the database fails now, if anything: reads a row, and writes the file's header as it is. */
export function createCheck(
  readonly: Database.Database,
  sqlite: Database.Database,
  { write }: WriteBatcher,
): () => Promise<Failed> {
  const row = readonly.prepare('SELECT id FROM tickets LIMIT 1');
  let answer: Promise<Failed> | undefined;
  let at = Number.NEGATIVE_INFINITY;

  async function check(): Promise<Failed> {
    try {
      row.get();
    } catch {
      return 'database_read';
    }
    const rewrite = () => void sqlite.pragma(`user_version = ${sqlite.pragma('user_version', { simple: true })}`);
    return write(rewrite).then(
      () => undefined,
      () => 'database_write',
    );
  }

  return () => {
    if (!answer || performance.now() - at > CACHE_TTL_MS) {
      at = performance.now();
      answer = check();
    }
    return answer;
  };
}
