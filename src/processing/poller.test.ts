import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPoller } from './poller.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('createPoller', () => {
  it('pauses between two steps as long as the step says', async () => {
    const step = vi.fn(async () => 100 * step.mock.calls.length);
    const poller = createPoller(step);
    poller.start();
    await vi.advanceTimersByTimeAsync(99);
    expect(step).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(step).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(199);
    expect(step).toHaveBeenCalledTimes(2);
    await poller.stop();
  });

  it('begins the next step at once when it is woken', async () => {
    const step = vi.fn(async () => 1000);
    const poller = createPoller(step);
    poller.start();
    await vi.advanceTimersByTimeAsync(0);
    poller.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(step).toHaveBeenCalledTimes(2);
    await poller.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('begins the next step right after the one during which it was woken', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const step = vi.fn(async () => 1000).mockReturnValueOnce(promise);
    const poller = createPoller(step);
    poller.start();
    poller.wake();
    resolve(1000);
    await vi.advanceTimersByTimeAsync(0);
    expect(step).toHaveBeenCalledTimes(2);
    await poller.stop();
  });

  it('stops when the step under way has ended', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const step = vi.fn(() => promise);
    const poller = createPoller(step);
    poller.start();
    const stopped = vi.fn();
    const stopping = poller.stop().then(stopped);
    await vi.advanceTimersByTimeAsync(1000);
    expect(stopped).not.toHaveBeenCalled();
    resolve(0);
    await stopping;
    expect(step).toHaveBeenCalledTimes(1);
  });
});
