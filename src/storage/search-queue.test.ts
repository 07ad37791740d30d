import { describe, expect, it } from 'vitest';
import { createCountQueue } from './search-queue.ts';

describe('createCountQueue', () => {
  it('counts one after another, and rejects a count when 15 wait', async () => {
    const finish: (() => void)[] = [];
    const count = createCountQueue(() => new Promise((resolve) => finish.push(() => resolve(finish.length))));
    const counts = Array.from({ length: 16 }, () => count({}));
    await new Promise(setImmediate);
    await expect(count({})).rejects.toMatchObject({ code: 'overloaded' });
    for (let n = 1; n <= 16; n += 1) {
      expect(finish).toHaveLength(n);
      finish.at(-1)?.();
      expect(await counts[n - 1]).toBe(n);
      await new Promise(setImmediate);
    }
  });
});
