import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type ErrorCode } from '../errors.ts';
import type { Model } from './model.ts';

/** What another attempt may mend. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
  'llm_unavailable',
  'llm_timeout',
  'llm_rate_limited',
  'llm_invalid_output',
]);

export interface RetryOptions {
  maxAttempts: number;
  /** How long one attempt may take, in ms. */
  attemptTimeoutMs: number;
  /** Mean wait before the second attempt, in ms; it doubles from one attempt to the next. */
  backoffMs?: number;
}

/**
 * A model that is asked again where that may help, all within the request's deadline. A wait that the provider asks for
 * is kept to; one that reaches past the deadline ends the run now and goes to the client.
 *
 * The official client's own retry does not do: it tries an exhausted quota again, and replaces a `Retry-After` of over a
 * minute by its own back-off.
 */
export function withRetries(model: Model, { maxAttempts, attemptTimeoutMs, backoffMs = 500 }: RetryOptions): Model {
  return {
    async answer(request) {
      const waits_ms: number[] = [];
      for (let attempt = 1; ; attempt += 1) {
        /** What is thrown tells the log how it came to that. */
        const described = (error: unknown) => {
          if (error instanceof AppError) Object.assign(error.details, { attempts: attempt, waits_ms });
          return error;
        };
        const signal = AbortSignal.any([request.signal, AbortSignal.timeout(attemptTimeoutMs)]);
        try {
          return await model.answer({ ...request, signal });
        } catch (error) {
          const wait = waitBefore(error, attempt);
          if (wait === undefined || performance.now() + wait >= request.deadline) throw described(error);
          waits_ms.push(Math.round(wait));
          await sleep(wait, undefined, { signal: request.signal }).catch(() => {
            throw described(request.signal.reason);
          });
        }
      }
    },
  };

  /** How long to wait before the next attempt, in ms; undefined if there is none to be made. */
  function waitBefore(error: unknown, attempt: number): number | undefined {
    if (!(error instanceof AppError) || !TRANSIENT.has(error.code) || attempt === maxAttempts) return undefined;
    return error.retryAfterMs ?? backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random());
  }
}
