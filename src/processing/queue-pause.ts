import type { AppError } from '../errors.ts';

/** The shortest pause. Without a `Retry-After`, it doubles with each further one. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 5 * 60_000;
/** Upper limit for a `Retry-After`; one run an hour costs nothing. */
const MAX_RETRY_AFTER_MS = 3600_000;

/**
 * Stops the queue of this process while the provider takes no calls, like a circuit breaker: after a pause a single run
 * is a probe, and the queue goes on when one has ended without another pause.
 */
export function createQueuePause() {
  let until = Number.NEGATIVE_INFINITY;
  let pauses = 0;
  return {
    isPaused: () => performance.now() < until,
    isProbing: () => pauses > 0,
    /**
     * Begins a pause, or extends it.
     *
     * @param startedAt when the failed run started; one from before the last pause's end does not make the next one longer
     * @returns the length of the pause in ms; undefined if it has begun before
     */
    begin({ retryAfterMs }: Pick<AppError, 'retryAfterMs'>, startedAt = performance.now()): number | undefined {
      const now = performance.now();
      const isNew = now >= until;
      if (startedAt >= until) pauses += 1;
      const backoffMs = Math.min(FIRST_PAUSE_MS * 2 ** (pauses - 1), MAX_PAUSE_MS);
      const pauseMs = Math.min(Math.max(retryAfterMs ?? backoffMs, FIRST_PAUSE_MS), MAX_RETRY_AFTER_MS);
      until = Math.max(until, now + pauseMs);
      return isNew ? Math.round(pauseMs) : undefined;
    },
    /** Ends the probing; returns false if there was none, or the run started before the pause was over. */
    end(startedAt: number): boolean {
      if (pauses === 0 || startedAt < until) return false;
      pauses = 0;
      return true;
    },
  };
}
