import { expect, test } from 'vitest';
import { listen } from '../testing/service.ts';
import { exchange } from '../testing/socket.ts';

test.each([
  ['bytes that are not HTTP', 'nonsense\r\n\r\n', 400, 'bad_request'],
  [
    'headers that are too large',
    `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'headers_too_large',
  ],
])('%s get a problem document, and the connection is closed', async (_name, bytes, status, code) => {
  const { logged, url } = await listen();
  const answer = await exchange(url, bytes);
  expect(answer).toMatch(`HTTP/1.1 ${status} `);
  expect(answer).toMatch('content-type: application/problem+json');
  expect(answer).toMatch('cache-control: no-store');
  const { request_id, ...problem } = JSON.parse(answer.split('\r\n\r\n')[1] ?? '');
  expect(problem).toMatchObject({ status, code });
  expect(answer).toMatch(`x-request-id: ${request_id}`);
  expect(logged('unreadable request')).toMatchObject([{ reqId: request_id, status, code }]);
});

test('bytes that are not HTTP close the connection, also after a request', async () => {
  const { url } = await listen();
  const answer = await exchange(url, 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\nmore\r\n\r\n');
  expect(answer.match(/HTTP\/1\.1 \d+/g)?.at(-1)).toBe('HTTP/1.1 400');
});
