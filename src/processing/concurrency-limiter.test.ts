import { describe, expect, it } from 'vitest';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';

const never = new AbortController().signal;

describe('concurrency limiter', () => {
  it('has as many slots as active and queued runs together', () => {
    const limiter = createConcurrencyLimiter({ concurrency: 1, maxQueueSize: 1 });
    const release = limiter.tryAcquire();
    expect(limiter.tryAcquire()).toBeTypeOf('function');
    expect(limiter.tryAcquire()).toBeUndefined();
    release?.();
    expect(limiter.tryAcquire()).toBeTypeOf('function');
  });

  it('runs no more tasks at once than allowed, and the others in order', async () => {
    const limiter = createConcurrencyLimiter({ concurrency: 2, maxQueueSize: 10 });
    const started: number[] = [];
    const tasks = [1, 2, 3].map((id) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      const result = limiter.run(never, () => {
        started.push(id);
        return promise;
      });
      return { result, finish: () => resolve(id) };
    });
    await new Promise(setImmediate);
    expect(started).toEqual([1, 2]);
    expect(limiter.stats()).toEqual({ active: 2, queued: 1 });
    tasks[0]?.finish();
    expect(await tasks[0]?.result).toBe(1);
    await new Promise(setImmediate);
    expect(started).toEqual([1, 2, 3]);
    expect(limiter.stats()).toEqual({ active: 2, queued: 0 });
  });

  it('rejects a queued task when its signal aborts, and does not start it later', async () => {
    const limiter = createConcurrencyLimiter({ concurrency: 1, maxQueueSize: 1 });
    const first = Promise.withResolvers<void>();
    const running = limiter.run(never, () => first.promise);
    const controller = new AbortController();
    let hasStarted = false;
    const queued = limiter.run(controller.signal, async () => {
      hasStarted = true;
    });
    controller.abort(new Error('too late'));
    await expect(queued).rejects.toThrow('too late');
    first.resolve();
    await running;
    await new Promise(setImmediate);
    expect(hasStarted).toBe(false);
  });

  it('rejects at once when the signal has aborted already', async () => {
    const limiter = createConcurrencyLimiter({ concurrency: 1, maxQueueSize: 0 });
    const signal = AbortSignal.abort(new Error('shutting down'));
    await expect(limiter.run(signal, async () => 'ran')).rejects.toThrow('shutting down');
  });

  it('rejects with the task’s error', async () => {
    const limiter = createConcurrencyLimiter({ concurrency: 1, maxQueueSize: 0 });
    await expect(limiter.run(never, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(limiter.stats()).toEqual({ active: 0, queued: 0 });
  });
});
