import { describe, expect, it } from 'vitest';
import { listen, startService } from '../testing/service.ts';
import { connectTo } from '../testing/socket.ts';

describe('the line of a request', () => {
  it('has the method, the route, the status and the error code', async () => {
    const { app, create, logged } = await startService();
    await create();
    await app.inject('/tickets/1');
    await app.inject('/tickets/9');
    await app.inject('/unknown/canary');
    expect(logged('request')).toMatchObject([
      { method: 'POST', route: '/tickets', status: 201, ms: expect.any(Number) },
      { method: 'GET', route: '/tickets/:id', status: 200 },
      { method: 'GET', route: '/tickets/:id', status: 404, code: 'ticket_not_found' },
      { method: 'GET', status: 404, code: 'not_found' },
    ]);
    expect(JSON.stringify(logged('request'))).not.toMatch('canary');
  });

  it.each([
    ['GET', ''],
    ['POST', 'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'],
  ])('has status 499 if the client hangs up (%s), and counts', async (method, body) => {
    const service = await startService();
    const { promise: received, resolve: receive } = Promise.withResolvers<void>();
    const { promise: end, resolve } = Promise.withResolvers<object>();
    service.app.route({
      method: ['GET', 'POST'],
      url: '/slow',
      handler: () => {
        receive();
        return end;
      },
    });
    const socket = connectTo(await service.app.listen({ host: '127.0.0.1', port: 0 }));
    socket.write(`${method} /slow HTTP/1.1\r\nHost: localhost\r\n${body || '\r\n'}`);
    await received;
    socket.destroy();
    await expect.poll(() => service.logged('request')).toMatchObject([{ method, route: '/slow', status: 499 }]);
    resolve({});
    expect((await service.app.inject('/metrics')).body).toMatch(/_count\{[^}]*"\/slow"[^}]*"499"[^}]*\} 1/);
    expect(service.logged('request').filter(({ route }) => route === '/slow')).toHaveLength(1);
  });

  it('exists for a path that cannot be decoded', async () => {
    const { app, logged } = await startService();
    const { request_id } = (await app.inject('/tickets/%ff')).json();
    expect(logged('request')).toMatchObject([{ reqId: request_id, status: 400, code: 'bad_request' }]);
  });

  it('has the address of a client that is rejected, and of no other', async () => {
    const { app, logged } = await startService({ app: { apiKeys: [{ name: 'a', key: 'k'.repeat(20) }] } });
    await app.inject({ url: '/tickets/1', remoteAddress: '192.0.2.1' });
    await app.inject({ url: '/tickets/1', remoteAddress: '192.0.2.1', headers: { 'x-api-key': 'k'.repeat(20) } });
    expect(logged('request').map(({ status, ip }) => [status, ip])).toEqual([
      [401, '192.0.2.1'],
      [404, undefined],
    ]);
  });

  it('is written once per request of a kept-alive connection', async () => {
    const { logged, url } = await listen();
    for (let i = 0; i < 3; i += 1) await (await fetch(`${url}/health`)).text();
    await expect.poll(() => logged('request').length).toBe(3);
  });
});
