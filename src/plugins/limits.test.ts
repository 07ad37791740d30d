import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { completed } from '../testing/provider.ts';
import { answersTo } from '../testing/raw-http.ts';
import { startService } from '../testing/service.ts';
import { exchange } from '../testing/socket.ts';
import { LIMITS } from './limits.ts';

const limited = async (limits: Partial<typeof LIMITS>) => {
  const { app } = await startService({ app: { limits: { ...LIMITS, ...limits } } });
  return { app, url: await app.listen({ host: '127.0.0.1', port: 0 }) };
};

test.each([
  ['headers', 'GET /health HTTP/1.1\r\nHost: localhost\r\n'],
  [
    'a body',
    'POST /tickets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nContent-Type: application/json\r\n\r\n{',
  ],
])('%s that never come to an end are answered with 408', async (_name, bytes) => {
  const { url } = await limited({ headersTimeout: 300, requestTimeout: 300 });
  expect(await exchange(url, bytes)).toMatch(/^HTTP\/1\.1 408 .*request_timeout/s);
});

test('a large body that is ignored has arrived, however long the answer takes', async () => {
  const limits = { ...LIMITS, headersTimeout: 200, requestTimeout: 200 };
  const { app, create, provider } = await startService({ app: { limits } });
  await create();
  provider.respond(async () => {
    await sleep(800);
    return completed();
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const body = 'x'.repeat(LIMITS.body);
  expect((await fetch(`${url}/tickets/1/process`, { method: 'POST', body })).status).toBe(200);
});

test('connections over the ceiling are closed, and there is room again when others have gone', async () => {
  const { url } = await limited({ connections: 2 });
  const { port } = new URL(url);
  const open = () => {
    const socket = createConnection(Number(port), '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  const [first, second] = [open(), open()];
  await Promise.all([once(first, 'connect'), once(second, 'connect')]);
  await once(open(), 'close');
  first.destroy();
  await expect.poll(() => fetch(`${url}/health`).then(({ status }) => status, String)).toBe(200);
});

test('a server that has too much to do turns requests away with Retry-After, and is still healthy', async () => {
  const { app } = await limited({ eventLoopDelay: 50 });
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const until = performance.now() + 1500;
  const block = () => {
    for (const start = performance.now(); performance.now() - start < 150; );
    if (performance.now() < until) setTimeout(block);
    else end();
  };
  block();
  await over;
  const refused = await app.inject('/tickets/1');
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5']);
  expect(refused.json()).toMatchObject({ code: 'overloaded' });
  expect((await app.inject('/health')).statusCode).toBe(200);
  await expect.poll(async () => (await app.inject('/tickets/1')).statusCode, { timeout: 5000 }).toBe(404);
});

test.each([
  ['ignored', 'POST /tickets/1/process HTTP/1.1', 404],
  ['sent to a path that cannot be decoded', 'POST /tickets/%ff HTTP/1.1', 400],
  ['refused', 'DELETE /tickets/1 HTTP/1.1', 405],
  ['too large', 'POST /tickets HTTP/1.1\r\nContent-Type: application/json', 413],
])(
  'a body that is %s is not read for ever, and has one answer',
  async (_name, line, status) => {
    const { url } = await limited({});
    const socket = createConnection(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8');
    let answers = '';
    socket
      .on('error', () => {})
      .on('data', (chunk) => {
        answers += chunk;
      });
    socket.write(`${line}\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n`);
    const sending = setInterval(() => socket.write('x'.repeat(1000)), 20);
    await once(socket, 'close');
    clearInterval(sending);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
  },
  5000,
);

test.each([
  ['not JSON', '{"a":1,', 422],
  ['too large', 'x'.repeat(3 * LIMITS.body), 413],
])('a body that is %s costs the client its request, not its connection', async (_name, body, status) => {
  const { url } = await limited({});
  const head = `POST /tickets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  const next = 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const answers = await answersTo(url, `${head}\r\n\r\n${body}${next}`);
  expect(answers.map((answer) => answer.status)).toEqual([status, 200]);
});
