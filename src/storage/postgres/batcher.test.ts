import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../errors.ts';
import { type BatcherOptions, createBatcher } from './batcher.ts';

/** A batcher that doubles numbers, and the batches that it has executed. */
function createDoubler(options: BatcherOptions<number>) {
  const batches: number[][] = [];
  const double = createBatcher(async (batch: number[]) => {
    batches.push(batch);
    await sleep(1);
    if (batch.includes(0)) throw new Error('zero');
    return batch.map((n) => 2 * n);
  }, options);
  return { batches, double };
}

describe('createBatcher', () => {
  it('executes calls together that arrive in one tick or during the previous batch', async () => {
    const { batches, double } = createDoubler({ maxSize: 3 });
    const first = [1, 2].map(double);
    await first[0];
    const second = [3, 4, 5, 6].map(double);
    expect(await Promise.all([...first, ...second])).toEqual([2, 4, 6, 8, 10, 12]);
    expect(batches).toEqual([[1, 2], [3, 4, 5], [6]]);
  });

  it('never puts two calls with the same key into one batch', async () => {
    const { batches, double } = createDoubler({ maxSize: 3, keyOf: (n) => n % 2 });
    expect(await Promise.all([1, 3, 2, 5].map(double))).toEqual([2, 6, 4, 10]);
    expect(batches).toEqual([[1, 2], [3], [5]]);
  });

  it('executes the calls of a refused batch one by one, and rejects only those that fail', async () => {
    const { double } = createDoubler({ maxSize: 2 });
    const calls = await Promise.allSettled([0, 1, 2].map(double));
    expect(calls.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  it('does not repeat a batch while the database is unavailable', async () => {
    let executions = 0;
    const unavailable = new AppError('storage_unavailable', 'the database cannot be used now');
    const call = createBatcher(
      async (_batch: number[]): Promise<number[]> => {
        executions += 1;
        throw unavailable;
      },
      { maxSize: 2 },
    );
    const calls = await Promise.allSettled([1, 2].map(call));
    expect(calls).toEqual(Array(2).fill({ status: 'rejected', reason: unavailable }));
    expect(executions).toBe(1);
  });
});
