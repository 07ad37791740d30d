import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type ErrorCode } from '../errors.ts';
import { NO_USAGE, type TokenUsage } from '../schemas/result.ts';
import type { LlmClient } from './client.ts';

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'llm_unavailable',
  'llm_timeout',
  'llm_rate_limited',
  'llm_invalid_output',
]);

export interface RetryOptions {
  maxAttempts: number;
  attemptTimeoutMs: number;
  /** Mean wait before the second attempt; doubles with each further attempt. */
  backoffMs?: number;
}

/**
 * Retries transient errors until the request's deadline. A wait that the provider asks for is honoured; if it reaches past the
 * deadline, the error is thrown at once and carries that wait.
 *
 * The official client's own retry is off: it retries an exhausted quota, and replaces a `Retry-After` of more than a minute by its own
 * back-off.
 */
export function withRetries(
  client: LlmClient,
  { maxAttempts, attemptTimeoutMs, backoffMs = 500 }: RetryOptions,
): LlmClient {
  return {
    async complete(request) {
      for (let attempt = 1; ; attempt += 1) {
        const signal = AbortSignal.any([request.signal, AbortSignal.timeout(attemptTimeoutMs)]);
        try {
          const completion = await client.complete({ ...request, signal });
          request.onAttempt?.({ outcome: 'ok', usage: completion });
          return completion;
        } catch (error) {
          const waitMs = waitAfter(error, attempt, request.deadline);
          if (error instanceof AppError) request.onAttempt?.({ outcome: error.code, usage: usageOf(error), waitMs });
          if (waitMs === undefined) throw error;
          await sleep(waitMs, undefined, { signal: request.signal }).catch(() => request.signal.throwIfAborted());
        }
      }
    },
  };

  /** Time until the next attempt; undefined if there is none. */
  function waitAfter(error: unknown, attempt: number, deadline: number): number | undefined {
    if (!(error instanceof AppError) || !RETRYABLE.has(error.code) || attempt === maxAttempts) return undefined;
    const waitMs = error.retryAfterMs ?? backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random());
    return performance.now() + waitMs < deadline ? Math.round(waitMs) : undefined;
  }
}

/** Tokens that a failed attempt has cost: an answer that cannot be used is paid for, too. */
const usageOf = ({ details }: AppError): TokenUsage => (details.usage as TokenUsage | undefined) ?? NO_USAGE;
