import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFailureLog } from './failure-log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('createFailureLog', () => {
  it('logs at most one failure in ten seconds, and counts those between', () => {
    const error = vi.fn();
    const logFailure = createFailureLog({ error }, 'the loop failed');
    for (let second = 0; second <= 20; second += 1) {
      logFailure(new Error(`failure ${second}`), { batchId: second });
      vi.advanceTimersByTime(1000);
    }
    expect(error.mock.calls).toEqual([
      [{ err: new Error('failure 0'), batchId: 0, omitted: 0 }, 'the loop failed'],
      [{ err: new Error('failure 10'), batchId: 10, omitted: 9 }, 'the loop failed'],
      [{ err: new Error('failure 20'), batchId: 20, omitted: 9 }, 'the loop failed'],
    ]);
  });
});
