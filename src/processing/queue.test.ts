import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AppError } from '../errors.ts';
import { llmError } from '../llm/errors.ts';
import type { ClaimedRun, QueueClaimResult } from '../storage/types.ts';
import { createQueue } from './queue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A started queue over so many tickets. `ends` settles their runs, by ticket. */
async function startQueue({ tickets = 0, concurrency = 2, freeSlots = 10 }) {
  const waiting: ClaimedRun[] = Array.from({ length: tickets }, (_, i) => ({ ticketId: i + 1, run: 1, text: 'x' }));
  const ends = new Map<number, { answer: () => void; succeed: () => void; fail: (error: AppError) => void }>();
  const processor = {
    claimQueuedRuns: vi.fn(async (limit: number): Promise<QueueClaimResult> => {
      return { state: 'claimed', runs: waiting.splice(0, limit) };
    }),
    executeQueuedRun: vi.fn(
      ({ ticketId }: ClaimedRun, answer: () => void) =>
        new Promise<void>((succeed, fail) => {
          ends.set(ticketId, { answer, succeed, fail });
        }),
    ),
  };
  const limiter = { freeSlots: vi.fn(() => freeSlots) };
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const queue = createQueue({ processor, limiter, concurrency, log });
  queue.start();
  await vi.advanceTimersByTimeAsync(0);
  const started = () => processor.executeQueuedRun.mock.calls.map(([{ ticketId }]) => ticketId);
  return { queue, processor, limiter, log, waiting, ends, started };
}

describe('the queue', () => {
  it('starts as many runs as it has slots, and the next one when one ends', async () => {
    const { queue, ends, started } = await startQueue({ tickets: 4 });
    expect(started()).toEqual([1, 2]);
    expect(queue.stats()).toEqual({ active: 2, isPaused: false });
    ends.get(2)?.succeed();
    await vi.advanceTimersByTimeAsync(0);
    expect(started()).toEqual([1, 2, 3]);
    ends.get(1)?.fail(llmError('llm_refused'));
    await vi.advanceTimersByTimeAsync(0);
    expect(started()).toEqual([1, 2, 3, 4]);
  });

  it('starts the next run when the model has answered, before the result is stored', async () => {
    const { ends, started } = await startQueue({ tickets: 4 });
    ends.get(1)?.answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(started()).toEqual([1, 2, 3]);
    ends.get(1)?.succeed();
    await vi.advanceTimersByTimeAsync(1000);
    expect(started()).toEqual([1, 2, 3]);
  });

  it('starts no more runs than the limiter has free slots', async () => {
    const { limiter, started } = await startQueue({ tickets: 4, concurrency: 4, freeSlots: 1 });
    expect(started()).toEqual([1]);
    limiter.freeSlots.mockReturnValue(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(started()).toEqual([1]);
  });

  it('looks for runs at once when it is woken, and otherwise at least twice a second', async () => {
    const { queue, waiting, started, processor } = await startQueue({});
    waiting.push({ ticketId: 7, run: 1, text: 'x' });
    queue.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(started()).toEqual([7]);
    waiting.push({ ticketId: 8, run: 1, text: 'x' });
    await vi.advanceTimersByTimeAsync(500);
    expect(started()).toEqual([7, 8]);
    expect(processor.claimQueuedRuns.mock.calls.length).toBeLessThan(10);
  });

  it('looks again when it is woken during a claim', async () => {
    const { queue, processor, waiting, started } = await startQueue({});
    processor.claimQueuedRuns.mockImplementationOnce(async () => {
      waiting.push({ ticketId: 7, run: 1, text: 'x' });
      queue.wake();
      return { state: 'claimed', runs: [] };
    });
    queue.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(started()).toEqual([7]);
  });

  it('goes on after a claim that failed', async () => {
    const { queue, processor, log, waiting, started } = await startQueue({});
    waiting.push({ ticketId: 7, run: 1, text: 'x' });
    processor.claimQueuedRuns.mockRejectedValueOnce(new Error('disk'));
    queue.wake();
    await vi.advanceTimersByTimeAsync(500);
    expect(log.error).toHaveBeenCalledOnce();
    expect(started()).toEqual([7]);
  });

  it('does nothing with a concurrency of 0', async () => {
    const { queue, processor } = await startQueue({ tickets: 1, concurrency: 0 });
    queue.wake();
    await vi.advanceTimersByTimeAsync(1000);
    expect(processor.claimQueuedRuns).not.toHaveBeenCalled();
  });
});

describe('a failure that concerns every ticket', () => {
  it('pauses the queue, then lets one run through, then goes on', async () => {
    const { queue, ends, started, log } = await startQueue({ tickets: 9, concurrency: 3 });
    for (const id of [1, 2]) ends.get(id)?.fail(llmError('llm_rate_limited', { retryAfterMs: 2000 }));
    ends.get(3)?.succeed();
    await vi.advanceTimersByTimeAsync(1900);
    expect(started()).toEqual([1, 2, 3]);
    expect(queue.stats()).toEqual({ active: 0, isPaused: true });
    await vi.advanceTimersByTimeAsync(600);
    expect(started()).toEqual([1, 2, 3, 4]);
    ends.get(4)?.fail(llmError('llm_quota_exhausted'));
    await vi.advanceTimersByTimeAsync(1900);
    expect(started()).toEqual([1, 2, 3, 4]);
    await vi.advanceTimersByTimeAsync(600);
    ends.get(5)?.succeed();
    await vi.advanceTimersByTimeAsync(0);
    expect(started()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(log.warn.mock.calls).toEqual([
      [{ code: 'llm_rate_limited', pauseMs: 2000 }, 'queue paused'],
      [{ code: 'llm_quota_exhausted', pauseMs: 2000 }, 'queue paused'],
    ]);
    expect(log.info).toHaveBeenCalledExactlyOnceWith('queue resumed');
  });

  it('pauses the queue until midnight UTC when the budget is used up', async () => {
    vi.setSystemTime('2026-02-17T23:59:00Z');
    const { queue, processor, started, waiting } = await startQueue({});
    waiting.push({ ticketId: 7, run: 1, text: 'x' });
    processor.claimQueuedRuns.mockResolvedValueOnce({ state: 'budget_exhausted' });
    queue.wake();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(started()).toEqual([]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(started()).toEqual([7]);
  });
});

describe('stop', () => {
  it('claims nothing more and waits for the claim under way, whose runs start', async () => {
    const { queue, processor, started } = await startQueue({});
    const { promise, resolve } = Promise.withResolvers<QueueClaimResult>();
    processor.claimQueuedRuns.mockReturnValueOnce(promise);
    queue.wake();
    await vi.advanceTimersByTimeAsync(0);
    let isStopped = false;
    const stopped = queue.stop().then(() => {
      isStopped = true;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(isStopped).toBe(false);
    resolve({ state: 'claimed', runs: [{ ticketId: 7, run: 1, text: 'x' }] });
    await stopped;
    expect(started()).toEqual([7]);
    processor.claimQueuedRuns.mockClear();
    queue.wake();
    await vi.advanceTimersByTimeAsync(1000);
    expect(processor.claimQueuedRuns).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
