import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { completed } from '../testing/provider.ts';
import { answersTo } from '../testing/raw-http.ts';
import { listen, shareService } from '../testing/service.ts';
import { connectTo, exchange, receiveAll } from '../testing/socket.ts';
import { LIMITS } from './limits.ts';

describe('the request time-out', () => {
  it.each([
    ['headers', 'GET /health HTTP/1.1\r\nHost: localhost\r\n'],
    [
      'a body',
      'POST /tickets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nContent-Type: application/json\r\n\r\n{',
    ],
  ])('returns 408 for %s that do not arrive', async (_name, bytes) => {
    const { url } = await listen({ limits: { headersTimeout: 300, requestTimeout: 300 } });
    expect(await exchange(url, bytes)).toMatch(/^HTTP\/1\.1 408 .*request_timeout/s);
  });

  it('does not count the time that an answer takes after a large ignored body', async () => {
    const { create, provider, url } = await listen({ limits: { headersTimeout: 200, requestTimeout: 200 } });
    await create();
    provider.respond(async () => {
      await sleep(800);
      return completed();
    });
    const body = 'x'.repeat(LIMITS.body);
    expect((await fetch(`${url}/tickets/1/process`, { method: 'POST', body })).status).toBe(200);
  });
});

describe('the limit of connections', () => {
  it('closes connections above it and accepts new ones when others have ended', async () => {
    const { url } = await listen({ limits: { connections: 2 } });
    const open = () => {
      const socket = connectTo(url).on('error', () => {});
      onTestFinished(() => void socket.destroy());
      return socket;
    };
    const [first, second] = [open(), open()];
    await Promise.all([once(first, 'connect'), once(second, 'connect')]);
    await receiveAll(open());
    first.destroy();
    await expect.poll(() => fetch(`${url}/health`).then(({ status }) => status, String)).toBe(200);
  });
});

describe('a server whose event loop is too slow', () => {
  /** Delays every callback by 150 ms, long enough for a sample of the delay. */
  function slowDown(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const until = performance.now() + 1500;
    const block = () => {
      for (const start = performance.now(); performance.now() - start < 150; );
      if (performance.now() < until) setTimeout(block);
      else resolve();
    };
    block();
    return promise;
  }

  it('ignores the delay of its own start', async () => {
    const { app } = await listen({ limits: { eventLoopDelay: 50, eventLoopWarmUp: 60_000 } });
    await slowDown();
    expect((await app.inject('/tickets/1')).statusCode).toBe(404);
  });

  it('rejects requests with 503 and Retry-After, and is still healthy', async () => {
    const { app } = await listen({ limits: { eventLoopDelay: 50, eventLoopWarmUp: 0 } });
    await slowDown();
    const rejected = await app.inject('/tickets/1');
    expect(rejected.json()).toMatchObject({ status: 503, code: 'overloaded' });
    expect(rejected.headers['retry-after']).toBe('5');
    expect((await app.inject('/health')).statusCode).toBe(200);
    await expect.poll(async () => (await app.inject('/tickets/1')).statusCode, { timeout: 20_000 }).toBe(404);
  });
});

const shared = shareService();
let url: string;
beforeAll(async () => {
  url = await (await shared()).app.listen({ host: '127.0.0.1', port: 0 });
});

describe('a body that the client goes on sending', () => {
  it.each([
    ['ignored', 'POST /tickets/1/process HTTP/1.1', 404],
    ['sent to a path that cannot be decoded', 'POST /tickets/%ff HTTP/1.1', 400],
    ['sent with a method that is not allowed', 'PUT /tickets/1 HTTP/1.1', 405],
    ['too large', 'POST /tickets HTTP/1.1\r\nContent-Type: application/json', 413],
  ])('gets one answer and a closed connection if it is %s', async (_name, line, status) => {
    const socket = connectTo(url);
    const received = receiveAll(socket);
    socket.write(`${line}\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n`);
    const sending = setInterval(() => socket.write('x'.repeat(1000)), 20);
    const answers = await received;
    clearInterval(sending);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
  });
});

describe('a connection', () => {
  it.each([
    ['is not JSON', '{"a":1,', 422],
    ['is too large', 'x'.repeat(3 * LIMITS.body), 413],
  ])('serves the next request after a body that %s', async (_name, body, status) => {
    const head = `POST /tickets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    const next = 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const answers = await answersTo(url, `${head}Content-Length: ${body.length}\r\n\r\n${body}${next}`);
    expect(answers.map((answer) => answer.status)).toEqual([status, 200]);
  });
});
