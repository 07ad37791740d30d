import { describe, expect, it } from 'vitest';
import { parseRange } from './range.ts';

describe('parseRange', () => {
  it.each([
    [{ from: '2026-02-30' }, '--from must be a date such as 2026-02-17'],
    [{ to: 'today' }, '--to must be a date such as 2026-02-17'],
    [{ from: '2026-02-02', to: '2026-02-01' }, '--from must not be after to: 2026-02-02 to 2026-02-01'],
    [
      { from: '2026-02-02', to: '9999-12-31' },
      '--from must be less than 3660 days before to: 2026-02-02 to 9999-12-31',
    ],
  ])('throws for %j', (options, message) => {
    expect(() => parseRange(options)).toThrow(message);
  });
});
