import { hasCode } from '../../errors.ts';
import { toStorageError } from './errors.ts';

/** Remembers when the database could not be used. */
export interface Availability {
  /** Returns an object with the same methods, whose errors are converted by `toStorageError`. */
  track<T extends object>(repository: T): T;
  /** Whether the database cannot be used, or could not in the last `withinMs`. */
  wasInterruptedWithin(withinMs: number): boolean;
}

export function createAvailability(): Availability {
  let isInterrupted = false;
  let interruptedAt = Number.NEGATIVE_INFINITY;

  function record(isAvailable: boolean): void {
    if (isInterrupted || !isAvailable) interruptedAt = performance.now();
    isInterrupted = !isAvailable;
  }

  return {
    wasInterruptedWithin: (withinMs) => isInterrupted || performance.now() - interruptedAt < withinMs,

    track<T extends object>(repository: T): T {
      const methods = Object.entries(repository).map(([name, method]) => [
        name,
        async (...args: unknown[]) => {
          try {
            const value = await method(...args);
            record(true);
            return value;
          } catch (thrown) {
            const error = toStorageError(thrown);
            record(!hasCode(error, 'storage_unavailable'));
            throw error;
          }
        },
      ]);
      return Object.fromEntries(methods);
    },
  };
}
