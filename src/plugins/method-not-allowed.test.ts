import { expect, test } from 'vitest';
import { startService } from '../testing/service.ts';

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
