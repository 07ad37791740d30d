import { describe, expect, it } from 'vitest';
import { findError, readErrorBody } from './error-body.ts';

describe('readErrorBody', () => {
  it('reads the outer code and type, and the words of inner errors', () => {
    const body = { code: 'outer', type: 'bad', innererror: { code: 'inner', list: [{ reason: 'DEEP' }] } };
    expect(readErrorBody(body)).toEqual({ words: ['outer', 'bad', 'inner', 'DEEP'], code: 'outer', type: 'bad' });
  });

  it('reads no words from texts and from fields of other names', () => {
    const body = { message: 'content_filter', code: 'two words', param: 'content_filter', input: ['content_filter'] };
    expect(readErrorBody(body)).toEqual({ words: [] });
  });

  it.each([
    [{ code: 429 }, 429],
    [{ code: '503' }, 503],
    [{ status: 401 }, 401],
    [{ code: 200 }, undefined],
    [{ code: 42 }, undefined],
    [{ code: 4290 }, undefined],
    [{ code: 429.5 }, undefined],
  ])('reads the status in %o as %s', (body, status) => {
    expect(readErrorBody(body).status).toBe(status);
  });

  it.each([
    ['17s', 17_000],
    ['0.25s', 250],
    ['0s', undefined],
    ['-1s', undefined],
    ['1e9s', undefined],
    ['999999999s', undefined],
    ['soon', undefined],
    [17, undefined],
  ])('reads the retryDelay %o as %s ms', (retryDelay, ms) => {
    expect(readErrorBody({ details: [{ retryDelay }] }).retryAfterMs).toBe(ms);
  });

  it('reads an error that another one quotes', () => {
    expect(readErrorBody({ message: ' {"error": {"code": "inner"}}' })).toMatchObject({ code: 'inner' });
  });

  it('ends for a body that is deep, wide, or quotes itself', () => {
    const deep = JSON.parse(`${'[{"error":'.repeat(20_000)}1${'}]'.repeat(20_000)}`);
    const wide = Array.from({ length: 100_000 }, () => ({ code: 'x' }));
    for (const body of [deep, wide, { a: wide, b: deep }]) {
      expect(readErrorBody(body).words.length).toBeLessThanOrEqual(500);
    }
  });

  it.each([undefined, null, true, 0, '', [], [null], {}])('accepts %o', (body) => {
    expect(readErrorBody(body).words.filter((word) => word !== '0')).toEqual([]);
  });
});

describe('findError', () => {
  it.each([
    [{ error: null, output: [] }],
    [{ error: false }],
    [{ error: '' }],
    [{ error: {} }],
    [{ error: [] }],
    [{ error: { code: null, message: '' } }],
    [{ code: 429, choices: [] }],
    [{ object: 'response' }],
    [[]],
    [null],
    ['error'],
    [undefined],
  ])('finds none in %o', (body) => {
    expect(findError(body)).toBeFalsy();
  });
});
