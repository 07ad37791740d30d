import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { shareService } from '../testing/service.ts';

const shared = shareService();

async function post(payload: string | Buffer, headers: Record<string, string> = {}) {
  const { app } = await shared();
  return app.inject({
    method: 'POST',
    url: '/tickets',
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });
}

describe('the content type of a body', () => {
  it.each([
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'APPLICATION/JSON',
    'application/vnd.api+json',
    'application/problem+json; charset=utf-8',
  ])('may be %s', async (contentType) => {
    const response = await post('{"raw_text":"é"}', { 'content-type': contentType });
    expect(response.json()).toMatchObject({ raw_text: 'é' });
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'application/geo+json-seq',
    'application/x+jsonp',
    'application/xml',
    ';;',
    'json',
  ])('returns 415 for %s', async (contentType) => {
    const response = await post('{"raw_text":"x"}', { 'content-type': contentType });
    expect(response.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  it('returns 415 for a compressed body', async () => {
    const response = await post(gzipSync('{"raw_text":"x"}'), { 'content-encoding': 'gzip' });
    expect(response.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });
});

describe('a JSON body', () => {
  it('may begin with a BOM', async () => {
    expect((await post('\ufeff{"raw_text":"x"}')).statusCode).toBe(201);
  });

  it.each([
    ['an empty body', '', 'the body is empty'],
    ['invalid UTF-8', Buffer.from('{"raw_text":"\xe9"}', 'latin1'), 'the body is not valid UTF-8'],
    ['a cut text', '{"raw_text":', 'the body is not valid JSON: it ends too early, at line 1, column 13'],
    ['UTF-16', Buffer.from('{}', 'utf16le'), 'the body is not valid JSON: unexpected character at line 1, column 2'],
  ])('returns 422 invalid_json for %s', async (_name, payload, detail) => {
    const response = await post(payload);
    expect(response.json()).toEqual({
      type: 'about:blank',
      title: 'Unprocessable Entity',
      status: 422,
      code: 'invalid_json',
      request_id: expect.any(String),
      detail,
      errors: [{ loc: ['body'], msg: detail }],
    });
  });

  it('returns 422 invalid_input where there is no body at all', async () => {
    const { app } = await shared();
    const response = await app.inject({ method: 'POST', url: '/tickets' });
    const errors = [{ loc: ['body'], msg: 'must be a JSON object' }];
    expect(response.json()).toMatchObject({ status: 422, code: 'invalid_input', errors });
  });

  it('returns 413 over 256 KiB', async () => {
    const response = await post(`{"raw_text":"x","more":"${'x'.repeat(256 * 1024)}"}`);
    expect(response.json()).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  it('has room for the longest text in its longest spelling', async () => {
    expect((await post(`{"raw_text":"${'\\ud83d\\ude00'.repeat(20000)}"}`)).statusCode).toBe(201);
  });
});
