import { sql } from 'drizzle-orm';
import type { Storage } from '../types.ts';
import type { Connections } from './connections.ts';
import { tickets } from './schema.ts';
import type { Writer } from './writer.ts';

/**
 * How long a failed write counts. A load balancer sends no requests to an unready server, so perhaps no later write
 * clears the failure.
 */
const WRITE_FAILURE_TTL_MS = 10_000;

/** Reads a row, and reports a recent write failure or that the database has become read-only; writes nothing itself. */
export function createReadinessCheck(
  { reads }: Pick<Connections, 'reads'>,
  { hasFailedWithin }: Pick<Writer, 'hasFailedWithin'>,
): Storage['checkReadiness'] {
  const check = reads
    .select({
      isReadOnly: sql<boolean>`current_setting('transaction_read_only')::boolean`,
      anyTicket: sql`(select id from ${tickets} limit 1)`,
    })
    .from(sql`(select) as one_row`)
    .prepare('check_readiness');
  return async () => {
    try {
      const [row] = await check.execute();
      return row?.isReadOnly || hasFailedWithin(WRITE_FAILURE_TTL_MS) ? 'database_write' : undefined;
    } catch {
      return 'database_read';
    }
  };
}
