import { describe, expect, it } from 'vitest';
import { shareService, startService } from '../testing/service.ts';

const shared = shareService();

/** A request with a body that no route accepts, to show that the body does not matter. */
async function request(method: string, url: string) {
  const { app } = await shared();
  return app.inject({ method: method as 'GET', url, headers: { 'content-type': 'text/plain' }, payload: 'anything' });
}

describe('a known path with another method', () => {
  it.each([
    ['PUT', '/tickets', 'POST, GET, HEAD'],
    ['PUT', '/tickets/1', 'GET, HEAD, DELETE'],
    ['OPTIONS', '/tickets/1', 'GET, HEAD, DELETE'],
    ['PROPFIND', '/tickets/1', 'GET, HEAD, DELETE'],
    ['POST', '/tickets/1/runs', 'GET, HEAD'],
    ['DELETE', '/tickets/1/runs/1', 'GET, HEAD'],
    ['POST', '/usage', 'GET, HEAD'],
    ['GET', '/tickets/1/process', 'POST'],
    ['POST', '/tickets/1/result', 'GET, HEAD'],
    ['POST', '/health/', 'GET, HEAD'],
    ['POST', '/openapi.json', 'GET, HEAD'],
    ['POST', '/docs', 'GET, HEAD'],
    ['POST', '/', 'GET, HEAD'],
  ])('%s %s returns 405 with Allow: %s', async (method, url, allow) => {
    const response = await request(method, url);
    expect(response.json()).toEqual({
      type: 'about:blank',
      title: 'Method Not Allowed',
      status: 405,
      code: 'method_not_allowed',
      detail: `this path allows only ${allow}`,
      request_id: expect.any(String),
    });
    expect(response.headers.allow).toBe(allow);
  });
});

describe('an unknown path', () => {
  it.each(
    ['/nope', '/tickets/1/nope', '/health/x', '/docs/nope', '/docs/static/nope.js'].flatMap((url) =>
      (url.startsWith('/docs/static') ? ['GET'] : ['GET', 'POST', 'PROPFIND']).map((method) => [method, url] as const),
    ),
  )('%s %s returns 404 and points to /docs', async (method, url) => {
    expect((await request(method, url)).json()).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      code: 'not_found',
      detail: 'there is nothing at this path; /docs lists the routes',
      request_id: expect.any(String),
    });
  });
});

describe('a trailing slash', () => {
  it('leads to the same route', async () => {
    const { app, create } = await startService();
    await create();
    for (const url of ['/health/', '/tickets/1/']) expect((await app.inject(url)).statusCode).toBe(200);
    const created = await app.inject({ method: 'POST', url: '/tickets/', payload: { raw_text: 'x' } });
    expect(created.statusCode).toBe(201);
    const processed = await app.inject({ method: 'POST', url: '/tickets/1/process/?force=1' });
    expect(processed.statusCode).toBe(200);
  });
});
