import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunState } from '../storage/types.ts';
import { makeResult } from '../testing/fixtures.ts';
import { POLL_MS, waitForRemoteRun } from './remote-run.ts';

vi.mock('node:timers/promises', () => import('../testing/fake-sleep.ts'));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Waits for run 3 of ticket 1, whose state is polled as this sequence; the last one stays. */
function wait(states: RunState[], signal = new AbortController().signal) {
  const polled: number[] = [];
  const runs = {
    async getRunState(_ticketId: number, run: number) {
      polled.push(run);
      return states[Math.min(polled.length, states.length) - 1] as RunState;
    },
  };
  return { polled, result: waitForRemoteRun(runs, { ticketId: 1, run: 3, signal }) };
}
const RUNNING: RunState = { state: 'running', run: 3 };

describe('waitForRemoteRun', () => {
  it('polls until the result is stored', async () => {
    const { polled, result } = wait([RUNNING, RUNNING, { state: 'stored', result: makeResult() }]);
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(polled).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(await result).toEqual(makeResult());
  });

  it('rejects with the failure that the owner has stored', async () => {
    const failure = {
      code: 'llm_rate_limited',
      message: 'slow down',
      openai_request_id: 'req_9',
      retryAfterMs: 7000,
    } as const;
    await expect(wait([{ state: 'failed', failure }]).result).rejects.toMatchObject(failure);
  });

  it('resolves with undefined when the owner released the run or lost its lease', async () => {
    expect(await wait([{ state: 'released' }]).result).toBeUndefined();
  });

  it('follows a newer run when another process has reclaimed the ticket', async () => {
    const { polled, result } = wait([
      { state: 'running', run: 4 },
      { state: 'stored', result: makeResult() },
    ]);
    await vi.advanceTimersByTimeAsync(POLL_MS);
    await result;
    expect(polled).toEqual([3, 4]);
  });

  it('rejects with the signal’s reason when the server shuts down', async () => {
    const controller = new AbortController();
    const { result } = wait([RUNNING], controller.signal);
    const rejection = expect(result).rejects.toThrow('shutting down');
    await vi.advanceTimersByTimeAsync(POLL_MS / 2);
    controller.abort(new Error('shutting down'));
    await rejection;
  });
});
