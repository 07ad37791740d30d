import { type AppError, BACKGROUND_FAILURES } from '../errors.ts';
import type { NextRun } from '../storage/types.ts';

export interface BackgroundRetryOptions {
  /** Runs of a series, the first one included. */
  maxRuns: number;
  /** Mean wait before the second run. With the default the five runs take about two hours. */
  delayMs?: number | undefined;
}

/** Each wait is so many times the one before. */
const FACTOR = 6;
const MAX_DELAY_MS = 6 * 3600 * 1000;

/**
 * Whether the failure certainly concerns every ticket, so that this one is not to blame. Without `Retry-After`, a rate
 * limit may concern just this ticket: providers also refuse a too long text like this.
 */
const concernsAllTickets = ({ code, retryAfterMs }: AppError): boolean =>
  BACKGROUND_FAILURES[code] === 'pause' || (code === 'llm_rate_limited' && retryAfterMs !== undefined);

export const pausesQueue = ({ code, retryAfterMs }: AppError): boolean =>
  BACKGROUND_FAILURES[code] === 'pause' ||
  code === 'llm_rate_limited' ||
  (BACKGROUND_FAILURES[code] === 'retry' && retryAfterMs !== undefined);

/** Returns a function that decides what follows a failed background run; undefined: the failure is final. */
export const createBackgroundRetry =
  ({ maxRuns, delayMs = 30_000 }: BackgroundRetryOptions) =>
  (error: AppError, backgroundRun: number): NextRun | undefined => {
    // At the end of the queue, so that a ticket that always fails like this does not block the others.
    if (concernsAllTickets(error)) return { backgroundRun, delayMs: 0 };
    if (BACKGROUND_FAILURES[error.code] !== 'retry' || backgroundRun >= maxRuns) return undefined;
    const mean = Math.min(delayMs * FACTOR ** (backgroundRun - 1), MAX_DELAY_MS);
    return { backgroundRun: backgroundRun + 1, delayMs: mean * (0.75 + Math.random() / 2) };
  };
