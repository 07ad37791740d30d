import { describe, expect, it, vi } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const YEAR_MS = 365 * 24 * 3600 * 1000;

describe('parseRetryAfter', () => {
  it.each<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': '3', 'retry-after-ms': '70' }, 70],
    [{ 'retry-after': '3', 'retry-after-ms': 'soon' }, 3000],
    [{ 'retry-after': 'Wed, 01 Jan 2025 00:00:05 GMT' }, 5000],
    [{ 'retry-after': 'Tue, 31 Dec 2024 23:59:00 GMT' }, undefined],
    [{ 'retry-after': '0' }, undefined],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after': '1e9' }, undefined],
    [{ 'retry-after': '2025-01-01' }, undefined],
    [{ 'retry-after': '99999999999' }, YEAR_MS],
  ])('reads %o as %s ms', (headers, ms) => {
    vi.useFakeTimers({ now: new Date('2025-01-01T00:00:00Z') });
    try {
      expect(parseRetryAfter(new Headers(headers))).toBe(ms);
    } finally {
      vi.useRealTimers();
    }
  });
});
