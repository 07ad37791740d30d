import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueuePause } from './queue-pause.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HOUR_MS = 3_600_000;

describe('createQueuePause', () => {
  it('lasts as long as the provider asks for, at most an hour', () => {
    const pause = createQueuePause();
    expect(pause.begin({ retryAfterMs: 2000 })).toBe(2000);
    vi.advanceTimersByTime(1999);
    expect(pause.isPaused()).toBe(true);
    vi.advanceTimersByTime(1);
    expect(pause.isPaused()).toBe(false);
    expect(pause.begin({ retryAfterMs: 24 * HOUR_MS })).toBe(HOUR_MS);
  });

  it('doubles without a Retry-After, up to five minutes', () => {
    const pause = createQueuePause();
    const lengths = Array.from({ length: 11 }, () => {
      const ms = pause.begin({ retryAfterMs: undefined }) ?? 0;
      vi.advanceTimersByTime(ms);
      return ms / 1000;
    });
    expect(lengths).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('counts failures during a pause as the same pause, and takes the longest wait', () => {
    const pause = createQueuePause();
    pause.begin({ retryAfterMs: undefined });
    expect(pause.begin({ retryAfterMs: 5000 })).toBeUndefined();
    expect(pause.begin({ retryAfterMs: 10 })).toBeUndefined();
    vi.advanceTimersByTime(4999);
    expect(pause.isPaused()).toBe(true);
    vi.advanceTimersByTime(1);
    expect(pause.begin({ retryAfterMs: undefined })).toBe(2000);
  });

  it('probes until a run that began after the pause has ended', () => {
    const pause = createQueuePause();
    const before = performance.now();
    expect([pause.isProbing(), pause.end(before)]).toEqual([false, false]);
    pause.begin({ retryAfterMs: 1000 });
    vi.advanceTimersByTime(1000);
    expect(pause.end(before)).toBe(false);
    expect(pause.isProbing()).toBe(true);
    expect(pause.end(performance.now())).toBe(true);
    expect(pause.isProbing()).toBe(false);
  });

  it('does not become longer by failures of runs that started before it', () => {
    const pause = createQueuePause();
    const before = performance.now();
    pause.begin({ retryAfterMs: undefined });
    vi.advanceTimersByTime(1500);
    expect(pause.begin({ retryAfterMs: undefined }, before)).toBe(1000);
    vi.advanceTimersByTime(1000);
    expect(pause.begin({ retryAfterMs: undefined })).toBe(2000);
  });

  it('lasts at least a second', () => {
    expect(createQueuePause().begin({ retryAfterMs: 20 })).toBe(1000);
  });
});
