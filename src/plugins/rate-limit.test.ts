import { describe, expect, it } from 'vitest';
import { startService } from '../testing/service.ts';

const apiKeys = ['one', 'two'].map((name) => ({ name, key: `${name}-key-0123456789abcdef` }));
const ONE_PER_MINUTE = { perMinute: 1, processPerMinute: 0 };

describe('the rate limit', () => {
  it('returns 429 with the time to wait, per API key', async () => {
    const { app } = await startService({ app: { apiKeys, rateLimits: { perMinute: 3, processPerMinute: 0 } } });
    const ask = (name: string) =>
      app.inject({ url: '/tickets/1', headers: { 'x-api-key': `${name}-key-0123456789abcdef` } });
    for (const remaining of ['2', '1', '0']) {
      const { headers, statusCode } = await ask('one');
      expect([statusCode, headers['ratelimit-limit'], headers['ratelimit-remaining']]).toEqual([404, '3', remaining]);
    }
    const rejected = await ask('one');
    expect(rejected.json()).toMatchObject({ code: 'rate_limited', status: 429 });
    for (const name of ['retry-after', 'ratelimit-reset']) {
      expect(Number(rejected.headers[name])).toBeGreaterThan(0);
      expect(Number(rejected.headers[name])).toBeLessThanOrEqual(60);
    }
    expect((await ask('two')).statusCode).toBe(404);
    expect((await app.inject('/health')).statusCode).toBe(200);
  });

  it('counts all routes that cost money together', async () => {
    const { app, create, process } = await startService({
      app: { rateLimits: { perMinute: 100, processPerMinute: 2 } },
    });
    await create();
    const createBatch = () => app.inject({ method: 'POST', url: '/batches', payload: { ids: [1] } });
    const statuses = [await process(1), await createBatch(), await process(1), await createBatch()];
    expect(statuses.map(({ statusCode }) => statusCode)).toEqual([200, 202, 429, 429]);
  });

  it('counts routes that cost money separately', async () => {
    const { app, create, process } = await startService({ app: { rateLimits: { perMinute: 0, processPerMinute: 2 } } });
    await create();
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await process(1)).statusCode);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await app.inject('/tickets/1')).headers).not.toHaveProperty('ratelimit-limit');
  });

  it.each([
    ['the same IPv4 address', '10.0.0.1', '10.0.0.1', 429],
    ['another IPv4 address', '10.0.0.1', '10.0.0.2', 404],
    ['the same IPv6 network', '2001:db8::1', '2001:db8::ffff', 429],
    ['another IPv6 network', '2001:db8:0:1::1', '2001:db8:0:2::1', 404],
  ])('counts per address where there are no keys: %s', async (_name, first, second, status) => {
    const { app } = await startService({ app: { rateLimits: ONE_PER_MINUTE } });
    await app.inject({ url: '/tickets/1', remoteAddress: first });
    expect((await app.inject({ url: '/tickets/1', remoteAddress: second })).statusCode).toBe(status);
  });

  it.each([
    ['ignores X-Forwarded-For by default', [], '127.0.0.1', 429],
    ['believes X-Forwarded-For of a trusted proxy', ['127.0.0.0/8'], '127.0.0.1', 404],
    ['ignores X-Forwarded-For of anybody else', ['127.0.0.0/8'], '10.1.1.1', 429],
  ])('%s', async (_name, trustProxy, remoteAddress, status) => {
    const { app } = await startService({ app: { allowAnonymous: true, trustProxy, rateLimits: ONE_PER_MINUTE } });
    const ask = (client: string) =>
      app.inject({ url: '/tickets/1', remoteAddress, headers: { 'x-forwarded-for': client } });
    await ask('10.0.0.1');
    expect((await ask('10.0.0.2')).statusCode).toBe(status);
  });

  it("counts per proxy where a trusted proxy's X-Forwarded-For is not an address", async () => {
    const trustProxy = ['127.0.0.0/8'];
    const { app } = await startService({ app: { allowAnonymous: true, trustProxy, rateLimits: ONE_PER_MINUTE } });
    const ask = (client: string) => app.inject({ url: '/tickets/1', headers: { 'x-forwarded-for': client } });
    expect((await ask('10.0.0.1:1000')).statusCode).toBe(404);
    expect((await ask('10.0.0.1:1001')).statusCode).toBe(429);
    expect((await ask('nonsense')).statusCode).toBe(429);
  });
});
