import pLimit from 'p-limit';

export interface LineOptions {
  /** How many calls run at once. */
  concurrency: number;
  /** How many more may wait for their turn. */
  maxWaiting: number;
}

/** The line in front of the model. */
export interface Line {
  /** Takes a place and returns what gives it back; undefined if there is none. */
  enter(): (() => void) | undefined;
  /** Does the work when its turn has come, unless the signal ends the wait; then throws the signal's reason. */
  turn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** How many calls run, and how many wait for their turn. */
  counts(): { running: number; waiting: number };
}

export function createLine({ concurrency, maxWaiting }: LineOptions): Line {
  const limit = pLimit(concurrency);
  let places = concurrency + maxWaiting;
  return {
    counts: () => ({ running: limit.activeCount, waiting: limit.pendingCount }),
    enter() {
      if (places === 0) return undefined;
      places -= 1;
      return () => {
        places += 1;
      };
    },
    async turn(signal, work) {
      signal.throwIfAborted();
      const ended = Promise.withResolvers<never>();
      const end = () => ended.reject(signal.reason);
      signal.addEventListener('abort', end);
      const whenItsTurn = async () => {
        signal.throwIfAborted(); // its time may have come to an end while it waited
        return work();
      };
      try {
        return await Promise.race([ended.promise, limit(whenItsTurn)]);
      } finally {
        signal.removeEventListener('abort', end);
      }
    },
  };
}
