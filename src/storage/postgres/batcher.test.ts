import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createBatcher } from './batcher.ts';

/** A batcher that doubles numbers, and the batches that it has executed. */
function createDoubler(options: { maxSize: number }) {
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

  it('rejects the calls of a batch that fails, and goes on', async () => {
    const { double } = createDoubler({ maxSize: 2 });
    const calls = await Promise.allSettled([0, 1, 2].map(double));
    expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(await double(4)).toBe(8);
  });
});
