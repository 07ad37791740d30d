import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { createRunEnqueuer } from './enqueue.ts';
import { prepareRunStatements } from './run-statements.ts';
import { createBudgetCheck, createUsageRecorder } from './usage.ts';

export type SharedStatements = ReturnType<typeof prepareSharedStatements>;

/** What several repositories use, prepared once. */
export function prepareSharedStatements(db: BetterSQLite3Database) {
  return {
    runs: prepareRunStatements(db),
    insertQueuedRun: createRunEnqueuer(db),
    recordUsage: createUsageRecorder(db),
    isBudgetExhausted: createBudgetCheck(db),
  };
}
