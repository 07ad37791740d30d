import { describe, expect, it } from 'vitest';
import { parsePrefer } from './prefer.ts';

describe('parsePrefer', () => {
  it.each([
    [undefined, false, 0],
    ['', false, 0],
    ['respond-async', true, 0],
    ['Respond-Async', true, 0],
    ['respond-async, wait=5', true, 5000],
    ['wait = "5" , respond-async', true, 5000],
    ['respond-async; foo="some value", wait=5; bar', true, 5000],
    ['wait=5', false, 5000],
    ['return=minimal, respond-async', true, 0],
    ['respond-async, wait=1, wait=9', true, 1000],
    ['respond-async, wait=-1', true, 0],
    ['respond-async, wait=1.5', true, 0],
    ['respond-async, wait=99999999999', true, 99_999_999_999_000],
    ['respond-async, wait=99999999999999999999', true, 0],
    ['respond-asynchronously', false, 0],
    [', ,=,;,respond-async', true, 0],
  ])('reads %j', (header, respondAsync, waitMs) => {
    expect(parsePrefer(header)).toEqual({ respondAsync, waitMs });
  });

  it('reads a value of spaces in linear time; with backtracking it would take minutes', () => {
    expect(parsePrefer(`respond-async, a=${' '.repeat(16_000)}""x`)).toEqual({ respondAsync: true, waitMs: 0 });
  });
});
