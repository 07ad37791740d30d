import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { completed } from '../testing/provider.ts';
import { startService, withTickets } from '../testing/service.ts';
import { exchange } from '../testing/socket.ts';

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

test('what is no HTTP does not take the answers of the requests before it', async () => {
  const { app, provider } = await withTickets(2, {});
  provider.respond(async () => {
    await sleep(200);
    return completed();
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = createConnection(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8');
  const requests = [1, 2].map((id) => `POST /tickets/${id}/process HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  socket.write(`${requests.join('')}nonsense\r\n\r\n`);
  socket.write('more of it\r\n\r\n');
  const text = (await socket.toArray()).join('');
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400']);
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
