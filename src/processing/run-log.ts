import type { BaseLogger } from 'pino';
import type { AppError } from '../errors.ts';
import type { RunUsage } from '../schemas/run.ts';
import type { RunTally } from './run-tally.ts';

/** The log of the request that started the run: its lines have the request's id. */
export type RequestLog = Pick<BaseLogger, 'info' | 'warn' | 'error'>;

/** Writes a run's one log line. */
export function createRunLog(
  log: RequestLog,
  run: { ticketId: number; run: number },
  tally: Pick<RunTally, 'waitsMs' | 'cutFields'>,
) {
  const start = performance.now();
  const fields = (outcome: string, { attempts, ...usage }: RunUsage, openai_request_id?: string | null) => ({
    ...run,
    outcome,
    ms: Math.round(performance.now() - start),
    attempts,
    waitsMs: tally.waitsMs(),
    cutFields: tally.cutFields(),
    ...usage,
    openai_request_id,
  });
  return {
    logEnd(outcome: 'succeeded' | 'lease_lost', usage: RunUsage, openai_request_id?: string | null) {
      log[outcome === 'succeeded' ? 'info' : 'warn'](fields(outcome, usage, openai_request_id), 'run');
    },
    logFailure({ code, openai_request_id, retryAfterMs, details, cause }: AppError, usage: RunUsage) {
      const { usage: _, ...reasons } = details; // the last attempt's, which the run's usage contains
      const line = { ...fields(code, usage, openai_request_id), retryAfterMs, ...reasons };
      if (code === 'internal_error') log.error({ ...line, err: cause }, 'run');
      else log.warn(line, 'run');
    },
  };
}
