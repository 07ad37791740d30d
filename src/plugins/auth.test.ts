import { describe, expect, it } from 'vitest';
import { shareService, startService, withNewTicket } from '../testing/service.ts';

const OLD_KEY = 'old-key-0123456789abcdef';
const NEW_KEY = 'new-key-0123456789abcdef';
const CRM_KEY = 'crm-key-0123456789abcdef';
const METRICS_KEY = 'metrics-key-0123456789abcdef';
const apiKeys = [
  { name: 'support', key: OLD_KEY },
  { name: 'support', key: NEW_KEY },
  { name: 'crm', key: CRM_KEY },
];
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
type Headers = Record<string, string>;

const withMetricsKey = shareService({ app: { apiKeys, metricsKey: METRICS_KEY } });

describe('with API keys', () => {
  const withKeys = shareService({ app: { apiKeys } });

  it.each([
    ['GET', '/tickets/1'],
    ['GET', '/tickets/1/result'],
    ['GET', '/tickets/1/runs'],
    ['GET', '/tickets/1/runs/1'],
    ['GET', '/usage'],
    ['HEAD', '/tickets/1'],
    ['POST', '/tickets'],
    ['POST', '/tickets/1/process'],
    ['POST', '/tickets/'],
    ['DELETE', '/tickets/1'],
    ['GET', '//tickets/1'],
    ['GET', '/%74ickets/1'],
    ['GET', '/tickets/unknown/path'],
    ['GET', '/tickets/%ff'],
    ['GET', '/unknown'],
    ['GET', '/metrics'],
  ] as const)('requires a key for %s %s', async (method, url) => {
    const { app } = await withKeys();
    const response = await app.inject({ method, url });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="tickets"');
  });

  it.each([
    ['/', 302],
    ['/health', 200],
    ['/ready', 200],
    ['/openapi.json', 200],
    ['/docs', 200],
    ['/docs/static/swagger-ui.css', 200],
  ])('requires no key for %s', async (url, status) => {
    const { app } = await withKeys();
    expect((await app.inject(url)).statusCode).toBe(status);
    expect((await app.inject({ method: 'POST', url })).statusCode).toBe(405);
  });

  it.each<[string, Headers]>([
    ['no key', {}],
    ['a wrong key', bearer('x'.repeat(24))],
    ['the beginning of a key', bearer(OLD_KEY.slice(0, -1))],
    ['a key with a suffix', bearer(`${OLD_KEY}x`)],
    ['two keys', bearer(`${OLD_KEY} ${NEW_KEY}`)],
    ['a name', bearer('support')],
    ['an empty key', bearer('')],
    ['another scheme', { authorization: `Basic ${Buffer.from(`support:${OLD_KEY}`).toString('base64')}` }],
    ['a wrong X-API-Key', { 'x-api-key': 'x'.repeat(24) }],
    ['an empty X-API-Key', { 'x-api-key': '' }],
    ['a wrong X-API-Key and a valid Authorization', { ...bearer(OLD_KEY), 'x-api-key': 'x'.repeat(24) }],
    ['the metrics key', bearer(METRICS_KEY)],
  ])('returns the same 401 for %s', async (_name, headers) => {
    const { app } = await withMetricsKey();
    const response = await app.inject({ url: '/tickets/1', headers });
    expect(response.statusCode).toBe(401);
    expect(response.json()).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      code: 'unauthorized',
      detail: 'a valid API key is needed',
      request_id: expect.any(String),
    });
  });

  it.each<[string, Headers, string]>([
    ['the old key', bearer(OLD_KEY), 'support'],
    ['the new key', bearer(NEW_KEY), 'support'],
    ["another client's key", bearer(CRM_KEY), 'crm'],
    ['a scheme in lower case', { authorization: `bearer ${OLD_KEY}` }, 'support'],
    ['X-API-Key', { 'x-api-key': NEW_KEY }, 'support'],
    ['X-API-Key and an Authorization for a proxy', { authorization: 'Basic eDp5', 'x-api-key': NEW_KEY }, 'support'],
  ])('accepts %s and logs its name, not the key', async (_name, headers, apiKeyName) => {
    const { app, log, logged } = await withKeys();
    const response = await app.inject({ method: 'POST', url: '/tickets', headers, payload: { raw_text: 'x' } });
    expect(response.statusCode).toBe(201);
    const lines = logged('request').filter(({ reqId }) => reqId === response.headers['x-request-id']);
    expect(lines).toMatchObject([{ apiKeyName }]);
    for (const { key } of apiKeys) expect(log.join()).not.toContain(key);
  });

  it('accepts any Host and a proxy in front', async () => {
    const { app } = await withKeys();
    const headers = { ...bearer(OLD_KEY), host: 'tickets.example', 'x-forwarded-for': '192.0.2.1' };
    expect((await app.inject({ url: '/tickets/999', headers })).statusCode).toBe(404);
  });
});

describe('with a metrics key', () => {
  it.each<[string, Headers, number]>([
    ['the metrics key', bearer(METRICS_KEY), 200],
    ['an API key', bearer(OLD_KEY), 200],
    ['a wrong key', bearer('x'.repeat(28)), 401],
    ['no key', {}, 401],
  ])('GET /metrics with %s', async (_name, headers, status) => {
    const { app } = await withMetricsKey();
    expect((await app.inject({ url: '/metrics', headers })).statusCode).toBe(status);
  });

  it.each([
    ['GET', '/tickets/1'],
    ['GET', '/tickets/1/runs'],
    ['GET', '/usage'],
    ['DELETE', '/tickets/1'],
  ] as const)('refuses the metrics key for %s %s', async (method, url) => {
    const { app } = await withMetricsKey();
    expect((await app.inject({ method, url, headers: bearer(METRICS_KEY) })).statusCode).toBe(401);
  });

  it('requires it for GET /metrics where there are no API keys', async () => {
    const { app } = await startService({ app: { metricsKey: METRICS_KEY } });
    expect((await app.inject('/metrics')).statusCode).toBe(401);
    expect((await app.inject({ url: '/metrics', headers: bearer(METRICS_KEY) })).statusCode).toBe(200);
    expect((await app.inject('/tickets/1')).statusCode).toBe(404);
  });
});

describe('without API keys', () => {
  const withoutKeys = shareService();
  const anonymous = shareService({ app: { allowAnonymous: true } });
  const behindProxy = shareService({ app: { trustProxy: ['127.0.0.1'] } });

  it.each(['cross-site', 'same-site'])('rejects pages of other sites (%s)', async (site) => {
    const { id, app, provider } = await withNewTicket(withoutKeys);
    const headers = { 'sec-fetch-site': site };
    const response = await app.inject({ method: 'POST', url: `/tickets/${id}/process`, headers });
    expect(response.json()).toMatchObject({ status: 403, code: 'forbidden' });
    expect(provider.requests).toHaveLength(0);
    expect((await app.inject({ url: '/docs', headers })).statusCode).toBe(200);
  });

  it.each(['same-origin', 'none'])('accepts requests of its own pages (%s)', async (site) => {
    const { app } = await withoutKeys();
    const response = await app.inject({ url: '/tickets/999', headers: { 'sec-fetch-site': site } });
    expect(response.statusCode).toBe(404);
  });

  it.each([
    ['another origin', 'http://evil.example', 403],
    ['an opaque origin', 'null', 403],
    ['its own origin', 'http://tickets.example', 404],
  ])('checks Origin where Sec-Fetch-Site is missing: %s', async (_name, origin, status) => {
    const { app } = await anonymous();
    const headers = { host: 'tickets.example', origin };
    const response = await app.inject({ method: 'POST', url: '/tickets/1/process', headers });
    expect(response.statusCode).toBe(status);
  });

  it.each(['localhost', 'LOCALHOST:8000', '127.0.0.1:8000', '127.1.2.3', '[::1]:8000'])(
    'accepts the loopback host %s',
    async (host) => {
      const { app } = await withoutKeys();
      expect((await app.inject({ url: '/tickets/999', headers: { host } })).statusCode).toBe(404);
    },
  );

  it.each([
    'evil.example',
    'evil.example:8000',
    '127.0.0.1.evil.example',
    '192.0.2.1',
    'localhost@evil.example',
    'x[::1]',
  ])('rejects the host %s, which may be a name that points to this machine', async (host) => {
    const { app } = await withoutKeys();
    const response = await app.inject({ url: '/tickets/1', headers: { host } });
    expect(response.json()).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await app.inject({ url: '/health', headers: { host } })).statusCode).toBe(200);
  });

  it.each<[string, Headers]>([
    ['X-Forwarded-For', { 'x-forwarded-for': '192.0.2.1' }],
    ['an empty X-Forwarded-For', { 'x-forwarded-for': '' }],
    ['Forwarded', { forwarded: 'for=192.0.2.1' }],
  ])('rejects requests that came through a proxy: %s', async (_name, headers) => {
    const { app } = await behindProxy();
    const response = await app.inject({ url: '/tickets/1', headers });
    expect(response.json()).toMatchObject({
      status: 403,
      code: 'forbidden',
      detail: expect.stringMatching(/proxy.* API_KEYS.* ALLOW_ANONYMOUS=true/),
    });
    for (const url of ['/health', '/ready', '/docs']) {
      expect((await app.inject({ url, headers })).statusCode, url).toBe(200);
    }
  });

  it('accepts any host and a proxy in front where ALLOW_ANONYMOUS is set', async () => {
    const { app } = await anonymous();
    const headers = { host: 'tickets.example', 'x-forwarded-for': '192.0.2.1' };
    expect((await app.inject({ url: '/tickets/1', headers })).statusCode).toBe(404);
  });
});
