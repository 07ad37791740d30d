import { setTimeout as sleep } from 'node:timers/promises';
import type { BaseLogger } from 'pino';
import type { TicketRepository } from '../storage/types.ts';

const DAY_MS = 24 * 3600 * 1000;
const SWEEP_INTERVAL_MS = 5 * 60 * 1000;
/** The database overwrites what it deletes: a batch of the longest tickets blocks the process for some 0.1 s. */
const BATCH_SIZE = 20;
/** Between two batches, so that requests do not wait for the whole sweep. */
const PAUSE_MS = 100;

export interface RetentionOptions {
  tickets: Pick<TicketRepository, 'deleteCreatedBefore'>;
  /** Age in days from which tickets are deleted. */
  days: number;
  log: Pick<BaseLogger, 'info' | 'error'>;
}

/**
 * Deletes old tickets now and every few minutes.
 *
 * @returns a function that stops it and resolves when no batch is under way.
 */
export function startRetention({ tickets, days, log }: RetentionOptions): () => Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {}); // ends early when stopped

  async function sweep(): Promise<void> {
    const time = new Date(Date.now() - days * DAY_MS);
    let deleted = 0;
    try {
      for (let count = BATCH_SIZE; count === BATCH_SIZE && !signal.aborted; ) {
        count = await tickets.deleteCreatedBefore(time, BATCH_SIZE);
        deleted += count;
        if (count === BATCH_SIZE) await pause(PAUSE_MS);
      }
      log.info({ deleted }, 'retention');
    } catch (err) {
      log.error({ err, deleted }, 'retention failed: the next sweep continues');
    }
  }

  async function sweepUntilStopped(): Promise<void> {
    while (!signal.aborted) {
      await sweep();
      await pause(SWEEP_INTERVAL_MS);
    }
  }

  const stopped = sweepUntilStopped();
  return async () => {
    controller.abort();
    await stopped;
  };
}
