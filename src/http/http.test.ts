import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { completed } from '../testing/provider.ts';
import { startService } from '../testing/service.ts';
import { exchange } from '../testing/socket.ts';

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

test.each([
  ['PUT', '/tickets', 'POST'],
  ['GET', '/tickets', 'POST'],
  ['DELETE', '/tickets/1', 'GET, HEAD'],
  ['OPTIONS', '/tickets/1', 'GET, HEAD'],
  ['PROPFIND', '/tickets/1', 'GET, HEAD'],
  ['GET', '/tickets/1/process', 'POST'],
  ['POST', '/tickets/1/result', 'GET, HEAD'],
  ['POST', '/health/', 'GET, HEAD'],
  ['POST', '/openapi.json', 'GET, HEAD'],
  ['POST', '/docs', 'GET, HEAD'],
] as const)('%s %s is 405 with Allow: %s', async (method, url, allow) => {
  const { app } = await startService();
  const headers = { 'content-type': 'text/plain' };
  const response = await app.inject({ method: method as 'GET', url, headers, payload: 'whatever' });
  expect(response.json()).toEqual({
    ...{
      type: 'about:blank',
      title: 'Method Not Allowed',
      status: 405,
      code: 'method_not_allowed',
      request_id: expect.any(String),
    },
    detail: 'Method Not Allowed',
  });
  expect(response.headers.allow).toBe(allow);
});

test.each(['/', '/nope', '/tickets/1/nope', '/health/x', '/docs/nope'])(
  '%s is 404, whatever is sent to it',
  async (url) => {
    const { app } = await startService();
    for (const method of ['GET', 'POST', 'PROPFIND'] as const) {
      const headers = { 'content-type': 'text/plain' };
      const response = await app.inject({ method: method as 'GET', url, headers, payload: 'whatever' });
      expect(response.json()).toEqual({
        ...{ type: 'about:blank', title: 'Not Found', status: 404, code: 'not_found', detail: 'Not Found' },
        request_id: expect.any(String),
      });
    }
  },
);

test('a file that the documentation does not have is 404 like any other', async () => {
  const { app } = await startService();
  expect((await app.inject('/docs/static/nope.js')).json()).toMatchObject({ status: 404, code: 'not_found' });
});

test('a trailing slash is the same route', async () => {
  const { app, create } = await startService();
  await create();
  for (const url of ['/health/', '/tickets/1/']) expect((await app.inject(url)).statusCode).toBe(200);
  const payload = { raw_text: 'x' };
  expect((await app.inject({ method: 'POST', url: '/tickets/', payload })).statusCode).toBe(201);
  expect((await app.inject({ method: 'POST', url: '/tickets/1/process/?force=1' })).statusCode).toBe(200);
});

test('a URL with broken percent-encoding is a problem document', async () => {
  const { app } = await startService();
  const response = await app.inject('/tickets/%zz');
  expect(response.headers['content-type']).toMatch('application/problem+json');
  expect(response.json()).toMatchObject({ status: 400, code: 'bad_request' });
});

test.each([
  ['what is no HTTP', 'nonsense\r\n\r\n', 400, 'bad_request'],
  [
    'a huge header',
    `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'headers_too_large',
  ],
])('%s is answered with a problem document too', async (_name, bytes, status, code) => {
  const { app, log } = await startService();
  const answer = await exchange(await app.listen({ host: '127.0.0.1', port: 0 }), bytes);
  expect(answer).toMatch(`HTTP/1.1 ${status} `);
  expect(answer).toMatch('content-type: application/problem+json');
  const { request_id, ...body } = JSON.parse(answer.split('\r\n\r\n')[1] ?? '');
  expect(body).toMatchObject({ status, code });
  expect(answer).toMatch(`x-request-id: ${request_id}`);
  expect(JSON.parse(log.at(-1) ?? '')).toMatchObject({ reqId: request_id, status });
});

test('what is no HTTP does not take the answer of the request before it', async () => {
  const { app, create, provider } = await startService();
  await create();
  provider.respond(async () => {
    await sleep(200);
    return completed();
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = createConnection(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8');
  socket.write('POST /tickets/1/process HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n');
  socket.write('more of it\r\n\r\n');
  const text = (await socket.toArray()).join('');
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
});

test('HTTP/1.1 without Host is 400, with a problem document too', async () => {
  const { app } = await startService();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const answer = await exchange(url, 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n');
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 400, code: 'bad_request' });
});

test('an expectation that is not known is ignored', async () => {
  const { app } = await startService();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const head = 'GET /health HTTP/1.1\r\nHost: localhost\r\nExpect: a miracle\r\nConnection: close\r\n\r\n';
  expect(await exchange(url, head)).toMatch('HTTP/1.1 200 OK');
});

test('an error nobody expected is 500 with the id of its log line and nothing of itself', async () => {
  const { app, create, log, store } = await startService();
  await create();
  store.close();
  const response = await app.inject('/tickets/1');
  const { request_id } = response.json();
  expect(response.json()).toEqual({
    ...{ type: 'about:blank', title: 'Internal Server Error', status: 500, code: 'internal_error' },
    detail: 'internal error',
    request_id: expect.stringMatching(/^[0-9a-f]{8}-\d+$/),
  });
  const line = log.map((text) => JSON.parse(text)).find(({ err }) => err);
  expect(line).toMatchObject({ reqId: request_id, err: { message: 'The database connection is not open' } });
});
