import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type ErrorCode } from '../errors.ts';
import type { Completion, CompletionRequest, LlmClient } from './client.ts';
import { llmError, usageOf } from './errors.ts';

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
 * Retries transient errors until the request's deadline. A wait that the provider asks for is honoured. If it would end
 * after the deadline, the error is thrown at once and carries that wait.
 *
 * The official client's own retry is off: it retries an exhausted quota, and it replaces a `Retry-After` of more than a
 * minute by its own back-off.
 */
export function withRetries(client: LlmClient, options: RetryOptions): LlmClient {
  const { maxAttempts, attemptTimeoutMs, backoffMs = 500 } = options;
  return {
    async complete(request) {
      for (let attempt = 1; ; attempt += 1) {
        await request.beforeAttempt?.();
        try {
          const completion = await completeWithin(attemptTimeoutMs, client, request);
          const { model, cutFields } = completion;
          request.onAttempt?.({ outcome: 'ok', usage: completion, model, cutFields });
          return completion;
        } catch (error) {
          const outcome = error instanceof AppError ? error.code : 'internal_error';
          const waitMs = waitAfter(error, attempt, request.deadline);
          request.onAttempt?.({ outcome, usage: usageOf(error), waitMs });
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

/** One attempt with its own time limit. */
async function completeWithin(timeoutMs: number, client: LlmClient, request: CompletionRequest): Promise<Completion> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(llmError('llm_timeout')), timeoutMs);
  try {
    return await client.complete({ ...request, signal: AbortSignal.any([request.signal, timeout.signal]) });
  } finally {
    clearTimeout(timer);
  }
}
