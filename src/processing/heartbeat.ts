import type { BaseLogger } from 'pino';
import { llmError } from '../llm/errors.ts';
import type { RunRepository } from '../storage/types.ts';
import { createFailureLog } from './failure-log.ts';

/** The runs that this process executes, by ticket id; aborting a controller ends the run. */
export type ActiveRuns = Map<number, AbortController>;

export interface HeartbeatOptions {
  runs: Pick<RunRepository, 'renewLeases' | 'recoverExpiredRuns'>;
  activeRuns: ActiveRuns;
  log: Pick<BaseLogger, 'error'>;
}

/** Renews the leases of this process's runs, aborts the runs that it has lost, and recovers expired ones of others. */
export function createHeartbeat({ runs, activeRuns, log }: HeartbeatOptions): () => Promise<void> {
  const logFailure = createFailureLog(log, 'heartbeat failed: leases were not renewed');
  const logRecoveryFailure = createFailureLog(log, 'expired runs could not be recovered');
  return async () => {
    try {
      const current = [...activeRuns];
      const owned = new Set(await runs.renewLeases(current.map(([ticketId]) => ticketId)));
      for (const [ticketId, controller] of current) {
        if (!owned.has(ticketId)) controller.abort(llmError('llm_timeout')); // the lease was lost
      }
    } catch (err) {
      return logFailure(err);
    }
    await runs.recoverExpiredRuns().catch(logRecoveryFailure);
  };
}
