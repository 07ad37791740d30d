import pLimit from 'p-limit';

export interface ConcurrencyLimiterOptions {
  /** Provider calls that may be active at once. */
  concurrency: number;
  /** Runs that may wait for their turn. */
  maxQueueSize: number;
}

/** Bounds the active provider calls and the queue in front of them. */
export interface ConcurrencyLimiter {
  /** Reserves a slot, active or queued, and returns the function that releases it; undefined if all are taken. */
  tryAcquire(): (() => void) | undefined;
  /**
   * Runs the task when fewer than `concurrency` are active; rejects with the signal's reason if it aborts before. A task
   * that has started must observe the signal itself, so that it can still report what it has used.
   */
  run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T>;
  stats(): { active: number; queued: number };
}

export function createConcurrencyLimiter({ concurrency, maxQueueSize }: ConcurrencyLimiterOptions): ConcurrencyLimiter {
  const limit = pLimit(concurrency);
  let slots = concurrency + maxQueueSize;
  return {
    stats: () => ({ active: limit.activeCount, queued: limit.pendingCount }),

    tryAcquire() {
      if (slots === 0) return undefined;
      slots -= 1;
      return () => {
        slots += 1;
      };
    },

    async run(signal, task) {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      const onAbort = () => aborted.reject(signal.reason);
      signal.addEventListener('abort', onAbort);
      const start = async () => {
        signal.throwIfAborted(); // it may have aborted while the task was queued
        signal.removeEventListener('abort', onAbort);
        return task();
      };
      try {
        return await Promise.race([aborted.promise, limit(start)]);
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
  };
}
