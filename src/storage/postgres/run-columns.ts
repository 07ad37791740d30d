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

/** The columns of a run that clients see. */
export const RUN_COLUMNS = columns;
