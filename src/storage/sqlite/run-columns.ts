import { getTableColumns } from 'drizzle-orm';
import { runs } from './schema.ts';

const { lease_owner, lease_expires_at, error_message, retry_after_ms, ...columns } = getTableColumns(runs);
const { id, ticket_id, finished_at, openai_request_id, summary, reply_draft, ...counted } = columns;

/** The columns of a run that clients see. */
export const RUN_COLUMNS = columns;

/** Those that the sums by day depend on. Each column of a query costs the driver time, also if there is no row. */
export const COUNTED_COLUMNS = counted;

/** Those that decide whether a run can be claimed, or that say how it failed. */
export const STATE_COLUMNS = {
  number: runs.number,
  status: runs.status,
  lease_owner,
  lease_expires_at,
  error_code: runs.error_code,
  error_message,
  retry_after_ms,
  openai_request_id,
};
