import type { StorageOptions } from '../types.ts';
import { isServerFailure } from './errors.ts';

/** Runs write operations and remembers their failures. All writes go through here. */
export interface Writer {
  /** @param writes how many writes the operation commits. */
  write<T>(operation: () => Promise<T>, writes?: number): Promise<T>;
  /**
   * Whether the server did not execute a write in the last `withinMs`, for example because its disk is full, and none
   * has succeeded since.
   */
  hasFailedWithin(withinMs: number): boolean;
}

export function createWriter({ onCommit = () => {} }: Pick<StorageOptions, 'onCommit'>): Writer {
  let failedAt = Number.NEGATIVE_INFINITY;
  return {
    hasFailedWithin: (withinMs) => performance.now() - failedAt < withinMs,

    async write(operation, writes = 1) {
      const start = performance.now();
      try {
        const value = await operation();
        failedAt = Number.NEGATIVE_INFINITY;
        onCommit(writes, (performance.now() - start) / 1000);
        return value;
      } catch (error) {
        if (isServerFailure(error)) failedAt = performance.now();
        throw error;
      }
    },
  };
}
