import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { Result } from '../schemas/result.ts';
import type { RunFailure, RunRepository } from '../storage/types.ts';

/** How often a run of another process is polled. */
export const POLL_MS = 50;

/**
 * Waits for a run that another process has claimed.
 *
 * @returns its result; undefined if its owner released it or lost its lease, so that a run may be claimed.
 * @throws AppError with the run's failure, or the signal's reason.
 */
export async function waitForRemoteRun(
  runs: Pick<RunRepository, 'getRunState'>,
  { ticketId, run, signal }: { ticketId: number; run: number; signal: AbortSignal },
): Promise<Result | undefined> {
  for (let current = run; ; ) {
    const state = await runs.getRunState(ticketId, current);
    switch (state.state) {
      case 'stored':
        return state.result;
      case 'failed':
        throw toError(state.failure);
      case 'queued':
      case 'released':
        return undefined;
      case 'running':
        current = state.run; // a newer one, if the lease was lost meanwhile
        await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
        break;
      default:
        state satisfies never;
    }
  }
}

/** The failure of a stored run as it was thrown. */
export const toError = ({ code, message, ...context }: RunFailure) => new AppError(code, message, context);
