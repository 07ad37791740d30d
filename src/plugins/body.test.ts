import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { startService } from '../testing/service.ts';

test.each([
  ['application/json; charset=utf-8'],
  ['application/json;charset="UTF-8"'],
  ['APPLICATION/JSON'],
  ['application/vnd.api+json'],
  ['application/problem+json; charset=utf-8'],
])('%s is JSON', async (contentType) => {
  const { app } = await startService();
  const headers = { 'content-type': contentType };
  const payload = '{"raw_text":"é"}';
  const response = await app.inject({ method: 'POST', url: '/tickets', headers, payload });
  expect(response.json()).toMatchObject({ raw_text: 'é' });
});

test('JSON may begin with a BOM', async () => {
  const { app } = await startService();
  const headers = { 'content-type': 'application/json' };
  const payload = '\ufeff{"raw_text":"x"}';
  expect((await app.inject({ method: 'POST', url: '/tickets', headers, payload })).statusCode).toBe(201);
});

test.each([
  ['broken JSON', '{"raw_text":'],
  ['nothing', ''],
  ['bytes that are not UTF-8', Buffer.from('{"raw_text":"\xe9"}', 'latin1')],
  ['UTF-16', Buffer.from('{"raw_text":"x"}', 'utf16le')],
])('%s is unreadable JSON: 422', async (_name, payload) => {
  const { app } = await startService();
  const headers = { 'content-type': 'application/json' };
  const response = await app.inject({ method: 'POST', url: '/tickets', headers, payload });
  expect(response.json()).toEqual({
    ...{
      type: 'about:blank',
      title: 'Unprocessable Entity',
      status: 422,
      code: 'invalid_json',
      request_id: expect.any(String),
    },
    detail: 'the body is not readable JSON',
    errors: [{ loc: ['body'], msg: 'the body is not readable JSON' }],
  });
});

test('a compressed body is 415', async () => {
  const { app } = await startService();
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const payload = gzipSync('{"raw_text":"x"}');
  const response = await app.inject({ method: 'POST', url: '/tickets', headers, payload });
  expect(response.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
});

test('no body at all is invalid input', async () => {
  const { app } = await startService();
  const response = await app.inject({ method: 'POST', url: '/tickets' });
  expect(response.json()).toMatchObject({ status: 422, errors: [{ loc: ['body'] }] });
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/jsonx',
  'application/geo+json-seq',
  'application/x+jsonp',
  'application/xml',
  ';;',
  'json',
])('the content type %s is 415', async (contentType) => {
  const { app } = await startService();
  const headers = { 'content-type': contentType };
  const response = await app.inject({ method: 'POST', url: '/tickets', headers, payload: '{"raw_text":"x"}' });
  expect(response.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
});

test('a body over 256 KiB is 413, and the longest text in its longest spelling is not', async () => {
  const { app } = await startService();
  const headers = { 'content-type': 'application/json' };
  const post = (payload: string) => app.inject({ method: 'POST', url: '/tickets', headers, payload });
  expect((await post(`{"raw_text":"x","more":"${'x'.repeat(256 * 1024)}"}`)).json()).toMatchObject({
    status: 413,
    code: 'body_too_large',
  });
  expect((await post(`{"raw_text":"${'\\ud83d\\ude00'.repeat(20000)}"}`)).statusCode).toBe(201);
});
