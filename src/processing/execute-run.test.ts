import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../errors.ts';
import type { CompletionRequest, LlmClient } from '../llm/client.ts';
import { llmError } from '../llm/errors.ts';
import type { CostOf } from '../llm/prices.ts';
import { withRetries } from '../llm/retry.ts';
import { NO_USAGE } from '../schemas/result.ts';
import type { Run } from '../schemas/run.ts';
import { makeCompletion, makeResult } from '../testing/fixtures.ts';
import { createBackgroundRetry } from './background-retry.ts';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';
import { createRunExecutor } from './execute-run.ts';
import type { ActiveRuns } from './heartbeat.ts';

vi.mock('node:timers/promises', () => import('../testing/fake-sleep.ts'));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMEOUT_MS = 10_000;
const RUN = { ticketId: 1, run: 7, text: 'I cannot log in.' };
/** These clients report no attempts. */
const NOTHING_USED = { attempts: 0, ...NO_USAGE, cost_usd: null };
const unavailable = () => new AppError('storage_unavailable', 'the database cannot be used now');

const dollarPerMillion: CostOf = async (_model, { total_tokens }) =>
  total_tokens === null ? null : total_tokens / 1_000_000;

function setUp(complete: LlmClient['complete'], { costOf = dollarPerMillion, dailyBudgetUsd = 1 } = {}) {
  const runs = {
    isBudgetExhausted: vi.fn(async (_dailyBudgetUsd: number) => false),
    completeRun: vi.fn(async (..._args: unknown[]) => makeResult() as ReturnType<typeof makeResult> | undefined),
    failRun: vi.fn(async (..._args: unknown[]) => true),
    findRun: vi.fn(async (): Promise<Run | undefined> => undefined),
    releaseRun: vi.fn(async (..._args: unknown[]) => true),
  };
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const activeRuns: ActiveRuns = new Map();
  const shutdown = new AbortController();
  const executeRun = createRunExecutor({
    runs,
    llm: { complete },
    prompt: { version: 'v1', system: 'You prepare tickets.' },
    costOf,
    dailyBudgetUsd,
    limiter: createConcurrencyLimiter({ concurrency: 1, maxQueueSize: 0 }),
    activeRuns,
    timeoutMs: TIMEOUT_MS,
    backgroundRetry: createBackgroundRetry({ maxRuns: 2 }),
    shutdown: shutdown.signal,
  });
  return { runs, log, activeRuns, shutdown, execute: () => executeRun(RUN, log) };
}

/** Answers nothing until the request is cancelled. */
const hang = ({ signal }: CompletionRequest) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** A failure that costs a dollar. */
async function rejectAfterCall({ onAttempt }: CompletionRequest): Promise<never> {
  const usage = { ...NO_USAGE, total_tokens: 1_000_000 };
  onAttempt?.({ outcome: 'llm_rejected', usage });
  throw llmError('llm_rejected');
}

describe('executeRun', () => {
  it('stores what the model answered under the run’s number', async () => {
    const { runs, execute } = setUp(async () => makeCompletion());
    expect(await execute()).toEqual(makeResult());
    expect(runs.completeRun).toHaveBeenCalledWith(
      7,
      { ...makeCompletion(), ticket_id: 1, prompt_version: 'v1' },
      NOTHING_USED,
    );
  });

  it('sends the prompt and the ticket’s text with the deadline', async () => {
    const complete = vi.fn(async (_request: CompletionRequest) => makeCompletion());
    await setUp(complete).execute();
    expect(complete.mock.calls[0]?.[0]).toMatchObject({
      instructions: 'You prepare tickets.',
      text: 'I cannot log in.',
      deadline: performance.now() + TIMEOUT_MS,
    });
  });

  it('logs which fields were cut, and stores nothing about it', async () => {
    const { log, runs, execute } = setUp(async ({ onAttempt }) => {
      onAttempt?.({ outcome: 'ok', usage: NO_USAGE, cutFields: ['summary'] });
      return { ...makeCompletion(), cutFields: ['summary'] };
    });
    await execute();
    expect(log.info.mock.calls).toMatchObject([[{ outcome: 'succeeded', cutFields: ['summary'] }, 'run']]);
    expect(runs.completeRun).toHaveBeenCalledWith(
      7,
      { ...makeCompletion(), ticket_id: 1, prompt_version: 'v1' },
      { ...NOTHING_USED, attempts: 1 },
    );
  });

  it('logs one line with the sums over all attempts', async () => {
    const { log, execute } = setUp(async ({ onAttempt }) => {
      const usage = { input_tokens: 100, output_tokens: 10, total_tokens: 110, cached_tokens: null };
      onAttempt?.({ outcome: 'llm_invalid_output', usage, waitMs: 500 });
      onAttempt?.({ outcome: 'llm_unavailable', usage: NO_USAGE, waitMs: 1000 });
      onAttempt?.({ outcome: 'ok', usage });
      return makeCompletion();
    });
    await execute();
    expect(log.info.mock.calls).toEqual([
      [
        {
          ticketId: 1,
          run: 7,
          outcome: 'succeeded',
          ms: 0,
          attempts: 3,
          waitsMs: [500, 1000],
          input_tokens: 200,
          output_tokens: 20,
          total_tokens: 220,
          cached_tokens: null,
          cost_usd: 0.00022,
          openai_request_id: 'req_1',
        },
        'run',
      ],
    ]);
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('stores a failure, logs it with the provider’s codes at warn, and rejects', async () => {
    const error = llmError('llm_rate_limited', {
      openai_request_id: 'req_2',
      retryAfterMs: 60_000,
      details: { provider: { status: 429, code: 'rate_limit_exceeded' }, usage: NO_USAGE },
    });
    const { runs, log, execute } = setUp(() => Promise.reject(error));
    await expect(execute()).rejects.toBe(error);
    expect(runs.failRun).toHaveBeenCalledWith(
      1,
      7,
      {
        code: 'llm_rate_limited',
        message: error.message,
        openai_request_id: 'req_2',
        retryAfterMs: 60_000,
      },
      NOTHING_USED,
      { backgroundRun: 1, delayMs: 0 },
    );
    expect(log.warn).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        ticketId: 1,
        outcome: 'llm_rate_limited',
        openai_request_id: 'req_2',
        provider: { status: 429, code: 'rate_limit_exceeded' },
      }),
      'run',
    );
    expect(log.warn.mock.calls[0]?.[0]).not.toHaveProperty('err');
  });

  it('stores an unexpected error as internal_error without its words, and logs its stack', async () => {
    const error = new TypeError('x is not a function');
    const { runs, log, execute } = setUp(() => Promise.reject(error));
    await expect(execute()).rejects.toMatchObject({ code: 'internal_error', cause: error });
    expect(runs.failRun).toHaveBeenCalledWith(
      1,
      7,
      { code: 'internal_error', message: 'internal error' },
      NOTHING_USED,
      undefined,
    );
    expect(log.error).toHaveBeenCalledWith(expect.objectContaining({ outcome: 'internal_error', err: error }), 'run');
  });

  it('fails with llm_timeout when the run’s time is up', async () => {
    const { runs, execute } = setUp(hang);
    const rejection = expect(execute()).rejects.toMatchObject({ code: 'llm_timeout' });
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await rejection;
    expect(runs.failRun).toHaveBeenCalledWith(1, 7, expect.objectContaining({ code: 'llm_timeout' }), NOTHING_USED, {
      backgroundRun: 2,
      delayMs: expect.any(Number),
    });
  });

  it.each(['a time-out', 'a shutdown'])('counts the attempt that %s aborts', async (end) => {
    const attempts = withRetries({ complete: hang }, { maxAttempts: 3, attemptTimeoutMs: 2 * TIMEOUT_MS });
    const { runs, activeRuns, shutdown, execute } = setUp(attempts.complete);
    const rejection = expect(execute()).rejects.toBeInstanceOf(AppError);
    if (end === 'a shutdown') {
      await vi.advanceTimersByTimeAsync(1);
      shutdown.abort(new AppError('shutting_down', 'the server is shutting down'));
      activeRuns.get(1)?.abort(shutdown.signal.reason);
    } else await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await rejection;
    const ended = end === 'a shutdown' ? runs.releaseRun : runs.failRun;
    expect(ended.mock.lastCall).toContainEqual({ ...NOTHING_USED, attempts: 1 });
  });

  it('makes no attempt when the budget is used up, and takes its own failed attempts into account', async () => {
    const usage = { ...NO_USAGE, total_tokens: 300_000 };
    const complete = vi.fn(() => Promise.reject(llmError('llm_invalid_output', { details: { usage } })));
    const attempts = withRetries({ complete }, { maxAttempts: 10, attemptTimeoutMs: TIMEOUT_MS, backoffMs: 1 });
    const { runs, execute } = setUp(attempts.complete);
    runs.isBudgetExhausted.mockImplementation(async (left) => left <= 0.5);
    const rejection = expect(execute()).rejects.toMatchObject({ code: 'budget_exhausted' });
    await vi.advanceTimersByTimeAsync(100);
    await rejection;
    expect(complete).toHaveBeenCalledTimes(2);
    expect(runs.failRun).toHaveBeenCalledWith(
      1,
      7,
      expect.objectContaining({ code: 'budget_exhausted', retryAfterMs: expect.any(Number) }),
      expect.objectContaining({ attempts: 2, cost_usd: 0.6 }),
      { backgroundRun: 1, delayMs: 0 },
    );
  });

  it('stores the answer although its price cannot be calculated', async () => {
    const { runs, execute } = setUp(
      async ({ onAttempt }) => {
        onAttempt?.({ outcome: 'ok', usage: NO_USAGE });
        return makeCompletion();
      },
      { costOf: () => Promise.reject(new Error('no price list')) },
    );
    expect(await execute()).toEqual(makeResult());
    expect(runs.completeRun.mock.lastCall?.at(-1)).toEqual({ ...NOTHING_USED, attempts: 1 });
  });

  it('keeps a paid answer while the storage is unavailable', async () => {
    const { runs, log, execute } = setUp(async () => makeCompletion());
    runs.completeRun.mockRejectedValueOnce(unavailable()).mockRejectedValueOnce(unavailable());
    const result = execute();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await result).toEqual(makeResult());
    expect(runs.completeRun).toHaveBeenCalledTimes(3);
    expect(log.warn.mock.calls).toEqual([[{ ticketId: 1, run: 7 }, 'the outcome of a run waits for the database']]);
  });

  it('keeps a failure and its cost while the storage is unavailable', async () => {
    const { runs, log, execute } = setUp(rejectAfterCall);
    runs.failRun.mockRejectedValueOnce(unavailable()).mockRejectedValueOnce(unavailable());
    const rejection = expect(execute()).rejects.toMatchObject({ code: 'llm_rejected' });
    await vi.advanceTimersByTimeAsync(1000);
    await rejection;
    expect(runs.failRun).toHaveBeenCalledTimes(3);
    const usage = { ...NOTHING_USED, attempts: 1, total_tokens: 1_000_000, cost_usd: 1 };
    expect(runs.failRun).toHaveBeenLastCalledWith(1, 7, expect.anything(), usage, undefined);
    expect(log.error).not.toHaveBeenCalled();
  });

  it('does not wait for the storage with a failure that cost nothing', async () => {
    const { runs, execute } = setUp(() => Promise.reject(unavailable()));
    runs.failRun.mockRejectedValue(unavailable());
    await expect(execute()).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(runs.failRun).toHaveBeenCalledOnce();
  });

  it.each([
    ['the server shuts down', { wasOwner: true, outcome: 'llm_rejected' }],
    ['its lease was lost', { wasOwner: false, outcome: 'lease_lost' }],
  ])('tries to store a failure once more when %s', async (_event, { wasOwner, outcome }) => {
    const { runs, log, activeRuns, execute } = setUp(rejectAfterCall);
    runs.failRun.mockRejectedValueOnce(unavailable()).mockResolvedValueOnce(wasOwner);
    const ended = execute().catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    activeRuns.get(1)?.abort(new Error('aborted'));
    await ended;
    expect(runs.failRun).toHaveBeenCalledTimes(2);
    expect(log.warn).toHaveBeenCalledWith(expect.objectContaining({ outcome }), 'run');
  });

  it('rejects with the run’s failure when it was stored although the connection broke', async () => {
    const { runs, log, execute } = setUp(rejectAfterCall);
    runs.failRun.mockRejectedValueOnce(unavailable()).mockResolvedValueOnce(false);
    runs.findRun.mockResolvedValue({ status: 'failed' } as Run);
    const rejection = expect(execute()).rejects.toMatchObject({ code: 'llm_rejected' });
    await vi.advanceTimersByTimeAsync(1000);
    await rejection;
    expect(log.warn).toHaveBeenCalledWith(expect.objectContaining({ outcome: 'llm_rejected' }), 'run');
  });

  it('does not retry when the storage is damaged', async () => {
    const { runs, execute } = setUp(async () => makeCompletion());
    const damaged = new AppError('storage_unavailable', 'the database cannot be used now', {
      details: { isPermanent: true },
    });
    runs.completeRun.mockRejectedValue(damaged);
    await expect(execute()).rejects.toBe(damaged);
    expect(runs.completeRun).toHaveBeenCalledOnce();
  });

  it('gives a paid answer up when the storage stays unavailable until the run’s time is up', async () => {
    const { runs, execute } = setUp(async () => makeCompletion());
    runs.completeRun.mockRejectedValue(unavailable());
    const rejection = expect(execute()).rejects.toMatchObject({ code: 'storage_unavailable' });
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await rejection;
  });

  it.each([
    ['completed', async () => makeCompletion()],
    ['failed', () => Promise.reject(llmError('llm_rejected'))],
  ])('resolves with undefined when the lease was lost before the run was %s', async (_outcome, complete) => {
    const { runs, log, execute } = setUp(complete);
    runs.completeRun.mockResolvedValue(undefined);
    runs.failRun.mockResolvedValue(false);
    expect(await execute()).toBeUndefined();
    expect(log.warn).toHaveBeenCalledWith(expect.objectContaining({ outcome: 'lease_lost' }), 'run');
  });

  it('logs a success if a write that seemed to fail was committed', async () => {
    const { runs, log, execute } = setUp(async () => makeCompletion());
    runs.completeRun.mockRejectedValueOnce(unavailable()).mockResolvedValueOnce(undefined);
    runs.findRun.mockResolvedValue({ status: 'succeeded' } as Run);
    const result = execute();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await result).toBeUndefined(); // whoever waits for it reads the stored result
    expect(log.info).toHaveBeenCalledWith(expect.objectContaining({ outcome: 'succeeded' }), 'run');
    expect(log.warn).not.toHaveBeenCalledWith(expect.anything(), 'run');
  });

  it('releases the run without an outcome when the server shuts down', async () => {
    const { runs, activeRuns, shutdown, execute } = setUp(hang);
    const rejection = expect(execute()).rejects.toMatchObject({ code: 'shutting_down' });
    shutdown.abort(new AppError('shutting_down', 'the server is shutting down'));
    activeRuns.get(1)?.abort(shutdown.signal.reason);
    await rejection;
    expect(runs.releaseRun).toHaveBeenCalledWith(1, 7, NOTHING_USED);
    expect(runs.failRun).not.toHaveBeenCalled();
  });

  it('makes no call when the grace period is over before it starts', async () => {
    const complete = vi.fn(hang);
    const { shutdown, execute } = setUp(complete);
    shutdown.abort(new AppError('shutting_down', 'the server is shutting down'));
    await expect(execute()).rejects.toMatchObject({ code: 'shutting_down' });
    expect(complete).not.toHaveBeenCalled();
  });

  it('is an active run until it ends', async () => {
    const { activeRuns, execute } = setUp(async () => makeCompletion());
    const result = execute();
    expect([...activeRuns.keys()]).toEqual([1]);
    await result;
    expect(activeRuns.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('logs that a failed run could not be ended, and rejects with the run’s own error', async () => {
    const { runs, log, execute } = setUp(rejectAfterCall);
    runs.failRun.mockRejectedValue(unavailable());
    const rejection = expect(execute()).rejects.toMatchObject({ code: 'llm_rejected' });
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await rejection;
    expect(log.error).toHaveBeenCalledWith(expect.objectContaining({ ticketId: 1, run: 7 }), expect.any(String));
  });
});
