import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { Storage } from '../types.ts';
import { tickets } from './schema.ts';
import type { WriteBatcher } from './write-batcher.ts';

/**
 * How long a failed write counts. A load balancer sends no requests to an unready server, so perhaps no later write
 * clears the failure.
 */
const WRITE_FAILURE_TTL_MS = 10_000;

/** Reads a row and reports a recent write failure; writes nothing itself. */
export function createReadinessCheck(
  db: BetterSQLite3Database,
  { hasFailedWithin }: Pick<WriteBatcher, 'hasFailedWithin'>,
): Storage['checkReadiness'] {
  const anyTicket = db.select({ id: tickets.id }).from(tickets).limit(1).prepare();
  return async () => {
    try {
      anyTicket.get();
    } catch {
      return 'database_read';
    }
    return hasFailedWithin(WRITE_FAILURE_TTL_MS) ? 'database_write' : undefined;
  };
}
