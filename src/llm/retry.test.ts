import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../errors.ts';
import { NO_USAGE } from '../schemas/result.ts';
import { makeCompletion } from '../testing/fixtures.ts';
import type { Attempt, Completion, CompletionRequest } from './client.ts';
import { type LlmErrorCode, llmError } from './errors.ts';
import { withRetries } from './retry.ts';

vi.mock('node:timers/promises', () => import('../testing/fake-sleep.ts'));
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5); // the mean of the back-off
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Outcome = Completion | Error | 'hang';

/** Starts a completion with a client that has these outcomes in order; the last one is repeated. */
function start(outcomes: Outcome[], { deadlineMs = 60_000, maxAttempts = 3, beforeAttempt = async () => {} } = {}) {
  const complete = vi.fn(async ({ signal }: CompletionRequest) => {
    const outcome = outcomes[Math.min(complete.mock.calls.length, outcomes.length) - 1];
    if (outcome === 'hang') {
      return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    if (!outcome || outcome instanceof Error) throw outcome;
    return outcome;
  });
  const attempts: Attempt[] = [];
  const controller = new AbortController();
  const client = withRetries({ complete }, { maxAttempts, attemptTimeoutMs: 1000, backoffMs: 100 });
  const result = client.complete({
    instructions: 'x',
    text: 'y',
    signal: controller.signal,
    deadline: performance.now() + deadlineMs,
    beforeAttempt,
    onAttempt: (attempt) => void attempts.push(attempt),
  });
  result.catch(() => {}); // a test may look at it later
  return { result, complete, attempts, controller };
}

describe('withRetries', () => {
  it('returns the first answer', async () => {
    const { result, attempts } = start([makeCompletion()]);
    expect(await result).toEqual(makeCompletion());
    expect(attempts).toEqual([{ outcome: 'ok', usage: makeCompletion(), model: 'gpt-test' }]);
  });

  it('makes no further attempt when it is refused beforehand', async () => {
    const refused = new AppError('budget_exhausted', 'used up');
    const beforeAttempt = vi
      .fn(async () => {})
      .mockResolvedValueOnce()
      .mockRejectedValueOnce(refused);
    const { result, complete, attempts } = start([llmError('llm_unavailable')], { beforeAttempt });
    await vi.runAllTimersAsync();
    await expect(result).rejects.toBe(refused);
    expect(complete).toHaveBeenCalledOnce();
    expect(attempts).toHaveLength(1);
  });

  it.each<LlmErrorCode>(['llm_unavailable', 'llm_timeout', 'llm_rate_limited', 'llm_invalid_output'])(
    'retries %s with a back-off that doubles',
    async (code) => {
      const error = llmError(code);
      const { result, complete, attempts } = start([error]);
      await vi.advanceTimersByTimeAsync(99);
      expect(complete).toHaveBeenCalledTimes(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(complete).toHaveBeenCalledTimes(2);
      await vi.advanceTimersByTimeAsync(199);
      expect(complete).toHaveBeenCalledTimes(2);
      await vi.advanceTimersByTimeAsync(1);
      await expect(result).rejects.toBe(error);
      expect(complete).toHaveBeenCalledTimes(3);
      expect(attempts.map(({ outcome, waitMs }) => [outcome, waitMs])).toEqual([
        [code, 100],
        [code, 200],
        [code, undefined],
      ]);
    },
  );

  it('varies the back-off by half', async () => {
    vi.mocked(Math.random).mockReturnValueOnce(0).mockReturnValueOnce(0.999);
    const { result, attempts } = start([llmError('llm_unavailable')]);
    await vi.runAllTimersAsync();
    await expect(result).rejects.toThrow();
    expect(attempts.map(({ waitMs }) => waitMs)).toEqual([50, 300, undefined]);
  });

  it.each<LlmErrorCode>([
    'llm_unauthorized',
    'llm_rejected',
    'llm_quota_exhausted',
    'llm_refused',
    'llm_content_filtered',
    'llm_truncated',
  ])('does not retry %s', async (code) => {
    const { result, complete } = start([llmError(code)]);
    await expect(result).rejects.toMatchObject({ code });
    expect(complete).toHaveBeenCalledTimes(1);
  });

  it('does not retry an unexpected error and reports it as internal_error', async () => {
    const { result, attempts } = start([new TypeError('bug')]);
    await expect(result).rejects.toThrow('bug');
    expect(attempts).toEqual([{ outcome: 'internal_error', usage: NO_USAGE, waitMs: undefined }]);
  });

  it('waits as long as the provider asks for', async () => {
    const { result, complete } = start([llmError('llm_rate_limited', { retryAfterMs: 7000 }), makeCompletion()]);
    await vi.advanceTimersByTimeAsync(6999);
    expect(complete).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await result).toEqual(makeCompletion());
  });

  it('throws at once if the wait would end after the deadline', async () => {
    const error = llmError('llm_rate_limited', { retryAfterMs: 7000 });
    const { result, attempts } = start([error], { deadlineMs: 7000 });
    await expect(result).rejects.toBe(error);
    expect(attempts).toEqual([{ outcome: 'llm_rate_limited', usage: NO_USAGE, waitMs: undefined }]);
  });

  it('cancels an attempt at its time limit and starts the next one', async () => {
    const { result, attempts } = start(['hang', makeCompletion()]);
    await vi.advanceTimersByTimeAsync(1000 + 100);
    expect(await result).toEqual(makeCompletion());
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['llm_timeout', 'ok']);
  });

  it('reports the tokens of an answer that cannot be used', async () => {
    const usage = { input_tokens: 1, output_tokens: 2, total_tokens: 3, cached_tokens: null };
    const { attempts } = start([llmError('llm_refused', { details: { usage } })]);
    await vi.runAllTimersAsync();
    expect(attempts).toMatchObject([{ outcome: 'llm_refused', usage }]);
  });

  it.each([
    ['an attempt', 'hang' as const],
    ['a wait', llmError('llm_unavailable', { retryAfterMs: 5000 })],
  ])('rejects with the reason of the signal that aborts %s', async (_name, outcome) => {
    const { result, complete, controller } = start([outcome]);
    await vi.advanceTimersByTimeAsync(10);
    const reason = new AppError('shutting_down', 'the server is shutting down');
    controller.abort(reason);
    await expect(result).rejects.toBe(reason);
    await vi.runAllTimersAsync();
    expect(complete).toHaveBeenCalledTimes(1);
  });
});
