import { describe, expect, it } from 'vitest';
import { llmError } from '../llm/errors.ts';
import { createBackgroundRetry, pausesQueue } from './background-retry.ts';
import { budgetExhausted } from './budget.ts';

const MINUTE_MS = 60_000;
const retry = createBackgroundRetry({ maxRuns: 5 });

describe('createBackgroundRetry', () => {
  it.each([
    [1, 0.5 * MINUTE_MS],
    [2, 3 * MINUTE_MS],
    [3, 18 * MINUTE_MS],
    [4, 108 * MINUTE_MS],
  ])('waits longer after each run (%s)', (backgroundRun, meanMs) => {
    const next = retry(llmError('llm_unavailable'), backgroundRun);
    expect(next?.backgroundRun).toBe(backgroundRun + 1);
    expect(Math.abs((next?.delayMs ?? 0) / meanMs - 1)).toBeLessThanOrEqual(0.25);
  });

  it('gives up after the last run', () => {
    expect(retry(llmError('llm_timeout'), 5)).toBeUndefined();
  });

  it.each(['llm_rejected', 'llm_refused', 'llm_content_filtered', 'llm_truncated'] as const)(
    'does not repeat a failure that would happen again (%s)',
    (code) => expect(retry(llmError(code), 1)).toBeUndefined(),
  );

  it.each([
    llmError('llm_rate_limited', { retryAfterMs: 2000 }),
    llmError('llm_quota_exhausted'),
    llmError('llm_unauthorized'),
    budgetExhausted(),
  ])('repeats a run that pauses the queue without counting it ($code)', (error) => {
    expect(retry(error, 5)).toEqual({ backgroundRun: 5, delayMs: 0 });
  });
});

describe('pausesQueue', () => {
  it.each([
    ['a rate limit without Retry-After', llmError('llm_rate_limited')],
    ['an outage with Retry-After', llmError('llm_unavailable', { retryAfterMs: 2000 })],
  ])('pauses at %s, which counts as a try of the ticket', (_name, error) => {
    expect(pausesQueue(error)).toBe(true);
    expect(retry(error, 1)).toMatchObject({ backgroundRun: 2 });
    expect(retry(error, 5)).toBeUndefined();
  });

  it('ignores a Retry-After of a final failure', () => {
    expect(pausesQueue(llmError('llm_rejected', { retryAfterMs: 2000 }))).toBe(false);
  });
});
