import type { AppError } from '../errors.ts';

/** Without a `Retry-After`: the first pause, which doubles with each further one. */
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
    /** Returns the length of the pause in ms, or undefined if it has begun before. */
    begin({ retryAfterMs }: Pick<AppError, 'retryAfterMs'>): number | undefined {
      const now = performance.now();
      const isNew = now >= until;
      if (isNew) pauses += 1;
      const backoffMs = Math.min(FIRST_PAUSE_MS * 2 ** (pauses - 1), MAX_PAUSE_MS);
      const pauseMs = Math.min(retryAfterMs ?? backoffMs, MAX_RETRY_AFTER_MS);
      until = Math.max(until, now + pauseMs);
      return isNew ? Math.round(pauseMs) : undefined;
    },
    /** Ends the probing; returns false if there was none. A run that started before the pause is no probe. */
    end(): boolean {
      if (pauses === 0 || performance.now() < until) return false;
      pauses = 0;
      return true;
    },
  };
}
