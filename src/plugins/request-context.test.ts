import { describe, expect, it } from 'vitest';
import { shareService, startService } from '../testing/service.ts';

const shared = shareService();

const UUID = /^[0-9a-f-]{36}$/;

describe('the security headers', () => {
  it.each(['/health', '/tickets/1', '/nowhere', '/tickets/%zz', '/openapi.json'])('are on GET %s', async (url) => {
    const { app } = await shared();
    expect((await app.inject(url)).headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });
});

describe('the request id', () => {
  it("is the client's own in the answer, the problem document and the log", async () => {
    const { app, logged } = await shared();
    const response = await app.inject({ url: '/tickets/1', headers: { 'x-request-id': 'trace-1.a:b_c' } });
    expect(response.headers['x-request-id']).toBe('trace-1.a:b_c');
    expect(response.json()).toMatchObject({ request_id: 'trace-1.a:b_c' });
    expect(logged('request').filter(({ reqId }) => reqId === 'trace-1.a:b_c')).toHaveLength(1);
  });

  it.each(['', 'x'.repeat(129), 'two words', '"}', 'é', '<script>'])('replaces %j', async (id) => {
    const { app } = await shared();
    const response = await app.inject({ url: '/health', headers: { 'x-request-id': id } });
    expect(response.headers['x-request-id']).toMatch(UUID);
  });

  it('is on every line that belongs to a request, once', async () => {
    const { app, create, log } = await startService();
    app.addHook('onSend', async (request) => request.log.info('a line of a plugin'));
    app.get('/log', async (request) => request.log.info('a line of a route'));
    const headers = { 'x-request-id': 'trace-1' };
    await create();
    log.length = 0;
    await app.inject({ url: '/log', headers });
    await app.inject({ method: 'POST', url: '/tickets/1/process', headers });
    expect(log.map((line) => JSON.parse(line).msg)).toEqual(
      expect.arrayContaining(['a line of a plugin', 'a line of a route', 'run', 'request']),
    );
    for (const line of log) expect(line.match(/"reqId":"trace-1"/g), line).toHaveLength(1);
  });
});
