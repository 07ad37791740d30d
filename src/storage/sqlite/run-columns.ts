import { getTableColumns } from 'drizzle-orm';
import { runs } from './schema.ts';

const {
  lease_owner,
  lease_expires_at,
  error_message,
  retry_after_ms,
  background_run,
  start_after,
  batch_id,
  ...columns
} = getTableColumns(runs);
const { id, ticket_id, finished_at, openai_request_id, summary, reply_draft, ...counted } = columns;

/** The columns of a run that clients see. */
export const RUN_COLUMNS = columns;

/** Those that the sums by day depend on. Each column of a query costs the driver time, also if there is no row. */
export const COUNTED_COLUMNS = counted;

/** Those that the next run of a background series depends on. */
export const SERIES_COLUMNS = {
  id,
  ticket_id,
  number: runs.number,
  background_run,
  start_after,
  batch_id,
  cost_usd: runs.cost_usd,
};

/** Those that decide whether a run can be claimed, or that say how it failed. */
export const STATE_COLUMNS = {
  ...SERIES_COLUMNS,
  status: runs.status,
  lease_owner,
  lease_expires_at,
  error_code: runs.error_code,
  error_message,
  retry_after_ms,
  openai_request_id,
};
