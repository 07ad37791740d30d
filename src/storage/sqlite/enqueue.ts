import { sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { NextRun } from '../types.ts';
import { RUN_COLUMNS } from './run-columns.ts';
import { runs } from './schema.ts';

export interface QueuedRun extends NextRun {
  ticketId: number;
  /** When the run may start, in ms since 1970, instead of `delayMs` from now. */
  startAfter?: number | null;
  /** The run's number. */
  number: number;
  batchId?: number | null;
}

/** Returns a function that inserts a queued run. The ticket must not have an active one. */
export function createRunEnqueuer(db: BetterSQLite3Database) {
  const insert = db
    .insert(runs)
    .values({
      ticket_id: sql.placeholder('ticketId'),
      number: sql.placeholder('number'),
      status: 'queued',
      background_run: sql.placeholder('backgroundRun'),
      start_after: sql.placeholder('startAfter'),
      batch_id: sql.placeholder('batchId'),
    })
    .returning(RUN_COLUMNS)
    .prepare();
  return ({ delayMs, startAfter, batchId = null, ...run }: QueuedRun) =>
    insert.get({ ...run, startAfter: startAfter ?? Math.round(Date.now() + delayMs), batchId });
}
