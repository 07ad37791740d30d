import { expect, test } from 'vitest';
import { startService } from '../testing/service.ts';

const apiKeys = ['one', 'two'].map((name) => ({ name, key: `${name}-key-0123456789abcdef` }));
const as = (name: string) => ({ 'x-api-key': `${name}-key-0123456789abcdef` });

test('a client that asks too often is told when to come back, and the others are not held up', async () => {
  const { app } = await startService({ app: { apiKeys, rateLimits: { perMinute: 3, processPerMinute: 0 } } });
  const ask = (name: string) => app.inject({ url: '/tickets/1', headers: as(name) });
  for (const remaining of ['2', '1', '0']) {
    const { headers, statusCode } = await ask('one');
    expect([statusCode, headers['ratelimit-limit'], headers['ratelimit-remaining']]).toEqual([404, '3', remaining]);
  }
  const refused = await ask('one');
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toMatchObject({ code: 'rate_limited', status: 429 });
  for (const name of ['retry-after', 'ratelimit-reset']) {
    expect(Number(refused.headers[name])).toBeGreaterThan(50);
    expect(Number(refused.headers[name])).toBeLessThanOrEqual(60);
  }
  expect((await ask('two')).statusCode).toBe(404);
  expect((await app.inject('/health')).statusCode).toBe(200);
});

test('what may cost money has a limit of its own', async () => {
  const { app, create, process } = await startService({ app: { rateLimits: { perMinute: 0, processPerMinute: 2 } } });
  await create();
  const codes = [];
  for (let i = 0; i < 3; i += 1) codes.push((await process(1)).statusCode);
  expect(codes).toEqual([200, 200, 429]);
  expect((await app.inject('/tickets/1')).headers).not.toHaveProperty('ratelimit-limit');
});

test.each([
  ['the same IPv4 address', '10.0.0.1', '10.0.0.1', 429],
  ['another IPv4 address', '10.0.0.1', '10.0.0.2', 404],
  ['the same IPv6 network', '2001:db8::1', '2001:db8::ffff', 429],
  ['another IPv6 network', '2001:db8:0:1::1', '2001:db8:0:2::1', 404],
])('without keys the address counts: %s', async (_name, first, second, status) => {
  const { app } = await startService({ app: { rateLimits: { perMinute: 1, processPerMinute: 0 } } });
  await app.inject({ url: '/tickets/1', remoteAddress: first });
  expect((await app.inject({ url: '/tickets/1', remoteAddress: second })).statusCode).toBe(status);
});

test.each([
  ['not believed', [], '127.0.0.1', 429],
  ['believed where it comes from a trusted proxy', ['127.0.0.0/8'], '127.0.0.1', 404],
  ['not believed where it comes from anybody else', ['127.0.0.0/8'], '10.1.1.1', 429],
])('X-Forwarded-For is %s', async (_name, trustProxy, remoteAddress, status) => {
  const { app } = await startService({ app: { trustProxy, rateLimits: { perMinute: 1, processPerMinute: 0 } } });
  const ask = (client: string) =>
    app.inject({ url: '/tickets/1', remoteAddress, headers: { 'x-forwarded-for': client } });
  await ask('10.0.0.1');
  expect((await ask('10.0.0.2')).statusCode).toBe(status);
});

test('what a trusted proxy says of its client, and is no address, makes nobody another client', async () => {
  const app = { trustProxy: ['127.0.0.0/8'], rateLimits: { perMinute: 1, processPerMinute: 0 } };
  const service = await startService({ app });
  const ask = (client: string) => service.app.inject({ url: '/tickets/1', headers: { 'x-forwarded-for': client } });
  expect((await ask('10.0.0.1:1000')).statusCode).toBe(404);
  expect((await ask('10.0.0.1:1001')).statusCode).toBe(429);
  expect((await ask('nonsense')).statusCode).toBe(429);
});
