import { expect, test } from 'vitest';
import { startService } from '../testing/service.ts';

const [OLD, NEW] = ['old-key-0123456789abcdef', 'new-key-0123456789abcdef'];
const apiKeys = [
  { name: 'support', key: OLD },
  { name: 'support', key: NEW },
  { name: 'crm', key: 'crm-key-0123456789abcdef' },
];
const closed = () => startService({ app: { apiKeys } });
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test.each([
  ['GET', '/tickets/1'],
  ['GET', '/tickets/1/result'],
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
] as const)('%s %s wants a key', async (method, url) => {
  const { app } = await closed();
  const response = await app.inject({ method, url });
  expect(response.statusCode).toBe(401);
  expect(response.headers['www-authenticate']).toBe('Bearer realm="tickets"');
});

test.each(['/health', '/openapi.json', '/docs', '/docs/static/swagger-ui.css'])('%s is open', async (url) => {
  const { app } = await closed();
  expect((await app.inject(url)).statusCode).toBe(200);
});

test.each([
  ['none', {}],
  ['a wrong one', bearer('x'.repeat(24))],
  ['a part of one', bearer(OLD.slice(0, -1))],
  ['one with more behind it', bearer(`${OLD}x`)],
  ['a name', bearer('support')],
  ['an empty one', bearer('')],
  ['another scheme', { authorization: `Basic ${Buffer.from(`support:${OLD}`).toString('base64')}` }],
  ['a wrong X-API-Key', { 'x-api-key': 'x'.repeat(24) }],
  ['an empty X-API-Key', { 'x-api-key': '' }],
  ['a wrong X-API-Key beside a good Authorization', { ...bearer(OLD), 'x-api-key': 'x'.repeat(24) }],
] as { 0: string; 1: Record<string, string> }[] as [string, Record<string, string>][])(
  'without a good key the answer is the same: %s',
  async (_name, headers) => {
    const { app } = await closed();
    const response = await app.inject({ url: '/tickets/1', headers });
    const { request_id: _, ...body } = response.json();
    expect(response.statusCode).toBe(401);
    expect(body).toEqual({
      ...{ type: 'about:blank', title: 'Unauthorized', status: 401, code: 'unauthorized' },
      detail: 'a valid API key is needed',
    });
  },
);

test.each([
  ['the old key', bearer(OLD), 'support'],
  ['the new key', bearer(NEW), 'support'],
  ["another client's key", bearer('crm-key-0123456789abcdef'), 'crm'],
  ['a scheme in lower case', { authorization: `bearer ${OLD}` }, 'support'],
  ['X-API-Key', { 'x-api-key': NEW }, 'support'],
  ['X-API-Key beside what something in front wants', { authorization: 'Basic eDp5', 'x-api-key': NEW }, 'support'],
] as [string, Record<string, string>, string][])(
  '%s is good, and its name is in the log, it is not',
  async (_name, headers, client) => {
    const { app, log } = await closed();
    const payload = { raw_text: 'x' };
    expect((await app.inject({ method: 'POST', url: '/tickets', headers, payload })).statusCode).toBe(201);
    expect(log.map((line) => JSON.parse(line))).toMatchObject([{ msg: 'request', client }]);
    for (const { key } of apiKeys) expect(log.join()).not.toContain(key);
  },
);

test.each(['cross-site', 'same-site'])('without keys, a page of another site (%s) gets nothing', async (site) => {
  const { app, create, provider } = await startService();
  await create();
  const headers = { 'sec-fetch-site': site };
  const response = await app.inject({ method: 'POST', url: '/tickets/1/process', headers });
  expect([response.statusCode, response.json().code]).toEqual([403, 'forbidden']);
  expect(provider.requests).toHaveLength(0);
  expect((await app.inject({ url: '/docs', headers })).statusCode).toBe(200);
});

test.each(['same-origin', 'none'])('without keys, the page of /docs (%s) gets what it asks for', async (site) => {
  const { app, create } = await startService();
  await create();
  expect((await app.inject({ url: '/tickets/1', headers: { 'sec-fetch-site': site } })).statusCode).toBe(200);
});

const from = (host: string) => ({ url: '/tickets/1', headers: { host } });

test.each(['localhost', 'LOCALHOST:8000', '127.0.0.1:8000', '127.1.2.3', '[::1]:8000'])(
  'without keys, %s is this machine',
  async (host) => {
    const { app } = await startService();
    expect((await app.inject(from(host))).statusCode).toBe(404);
  },
);

test.each([
  'evil.example',
  'evil.example:8000',
  '127.0.0.1.evil.example',
  '192.0.2.1',
  'localhost@evil.example',
  'x[::1]',
])('without keys, a page of %s, a name that is made to point to this machine, gets nothing', async (host) => {
  const { app } = await startService();
  const { statusCode, json } = await app.inject(from(host));
  expect([statusCode, json().code]).toEqual([403, 'forbidden']);
  expect((await app.inject({ url: '/health', headers: { host } })).statusCode).toBe(200);
});

test('a server may have any name where keys are asked for, or something in front checks who calls', async () => {
  for (const app of [{ apiKeys }, { allowAnonymous: true }]) {
    const service = await startService({ app });
    const headers = { host: 'tickets.example', 'x-api-key': OLD };
    expect((await service.app.inject({ url: '/tickets/1', headers })).statusCode).toBe(404);
  }
});

test.each([
  ['another', 'http://evil.example', 403],
  ['an unknown', 'null', 403],
  ['its own', 'http://tickets.example', 200],
])('where a browser does not say the site, the origin counts: %s', async (_name, origin, status) => {
  const { app, create } = await startService({ app: { allowAnonymous: true } });
  await create();
  const headers = { host: 'tickets.example', origin };
  expect((await app.inject({ method: 'POST', url: '/tickets/1/process', headers })).statusCode).toBe(status);
});
