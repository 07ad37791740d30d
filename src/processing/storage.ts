import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';

/** How often a write is tried again, in ms. */
const AGAIN_MS = 500;

/** Tries a write again while the database is locked or full, until the signal: what it holds has been paid for. */
export async function whenStorageAllows<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'storage_unavailable') throw error;
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => Promise.reject(error));
    }
  }
}
