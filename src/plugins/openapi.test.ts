import { expect, test } from 'vitest';
import { startService } from '../testing/service.ts';

test('the OpenAPI document has these routes', async () => {
  const { read } = await startService();
  const document = await read('/openapi.json');
  expect(document.openapi).toBe('3.1.0');
  const routes = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(routes.sort()).toEqual([
    'GET /health',
    'GET /metrics',
    'GET /ready',
    'GET /tickets/{id}',
    'GET /tickets/{id}/result',
    'POST /tickets',
    'POST /tickets/{id}/process',
  ]);
});

test('each of its routes answers, and says with Allow that it is the only one there', async () => {
  const { app, create, read } = await startService();
  await create();
  for (const [path, methods] of Object.entries<object>((await read('/openapi.json')).paths)) {
    const response = await app.inject({ method: 'OPTIONS', url: path.replace('{id}', '1') });
    const allowed = String(response.headers.allow)
      .split(', ')
      .filter((method) => method !== 'HEAD');
    expect(allowed.map((method) => method.toLowerCase())).toEqual(Object.keys(methods));
  }
});

test('the document says what the validation does', async () => {
  const { read } = await startService();
  const { components, paths } = await read('/openapi.json');
  const body = paths['/tickets'].post.requestBody.content['application/json'].schema;
  expect(body.required).toEqual(['raw_text']);
  expect(body.properties.raw_text).toMatchObject({ type: 'string', minLength: 1, maxLength: 20000 });
  expect(body.properties.source).toMatchObject({ type: 'string', maxLength: 50, default: 'web' });
  const [force] = paths['/tickets/{id}/process'].post.parameters;
  expect(force).toMatchObject({ name: 'force', in: 'query', required: false });
  expect(Object.keys(components.schemas)).toEqual(['Ticket', 'Result', 'Problem']);
  expect(paths['/tickets'].post.responses[201].headers.Location).toBeDefined();
});

test('where clients have to show a key, the document says so, and the page has a button for it', async () => {
  const apiKeys = [{ name: 'support', key: 'a-key-0123456789abcdef' }];
  const { read } = await startService({ app: { apiKeys } });
  const { components, paths, security } = await read('/openapi.json');
  expect(Object.keys(components.securitySchemes)).toEqual(['bearer', 'header']);
  expect(security).toEqual([{ bearer: [] }, { header: [] }]);
  expect(paths['/health'].get.security).toEqual([]);
  expect(paths['/tickets'].post.security).toBeUndefined();
  const open = await startService();
  expect((await open.read('/openapi.json')).security).toBeUndefined();
});

test('the document has the answers of every route', async () => {
  const { read } = await startService();
  const { paths } = await read('/openapi.json');
  const statuses = (path: string, method: string) => Object.keys(paths[path][method].responses);
  expect(statuses('/tickets', 'post')).toEqual(['201', '413', '415', '422', 'default']);
  expect(statuses('/tickets/{id}', 'get')).toEqual(['200', '404', '422', 'default']);
  expect(statuses('/tickets/{id}/result', 'get')).toEqual(['200', '404', '422', 'default']);
  expect(statuses('/tickets/{id}/process', 'post')).toEqual(['200', '404', '422', '502', '503', '504', 'default']);
  const problem = paths['/tickets/{id}'].get.responses[404].content['application/problem+json'].schema;
  expect(problem).toEqual({ $ref: '#/components/schemas/Problem' });
});

test('Swagger UI is served with all its assets from here', async () => {
  const { app } = await startService();
  const page = await app.inject('/docs');
  expect(page.statusCode).toBe(200);
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(assets.length).toBeGreaterThan(3);
  for (const asset of assets) {
    expect(asset).toMatch(/^\/docs\//);
    expect((await app.inject(asset)).statusCode).toBe(200);
  }
  expect((await app.inject('/docs/')).statusCode).toBe(200);
});

test('the policy of /docs names no foreign host and no inline script', async () => {
  const { app } = await startService();
  const assets = ['swagger-ui-bundle.js', 'swagger-initializer.js', 'oauth2-redirect.html'];
  for (const path of ['/docs', '/docs/', '/docs/json', ...assets.map((asset) => `/docs/static/${asset}`)]) {
    const policy = String((await app.inject(path)).headers['content-security-policy']);
    const directives = policy.split(';').flatMap((directive) => directive.trim().split(' ', 1));
    expect(directives).toEqual(expect.arrayContaining(['default-src', 'script-src', 'base-uri', 'frame-ancestors']));
    expect(directives).not.toContain('upgrade-insecure-requests');
    const sources = policy.split(';').flatMap((directive) => directive.trim().split(' ').slice(1));
    expect(new Set(sources)).toEqual(new Set(["'none'", "'self'", 'data:']));
    expect(policy).toContain("script-src 'self';");
  }
});
