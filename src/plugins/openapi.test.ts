import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../schemas/problem.ts';
import { type Operation, readOpenApi } from '../testing/openapi.ts';
import { ROOT } from '../testing/server-process.ts';
import { shareService, startService } from '../testing/service.ts';

const readJson = (path: string) => JSON.parse(readFileSync(`${ROOT}${path}`, 'utf8'));

/** Equal to what the server serves: the first test below holds them together. */
const document = readJson('docs/openapi.json');
const { operations } = readOpenApi(document);

const { version } = readJson('package.json');
const apiKeys = [{ name: 'support', key: 'a-key-0123456789abcdef' }];
const open = shareService({ app: { version } });
const closed = shareService({ app: { version, apiKeys } });

/** Every documented body of an operation, with its example values and the validator of its schema. */
const answerExamples = ({ responses, answers }: Operation) =>
  Object.entries(responses).flatMap(([status, { content = {} }]) =>
    Object.entries(content).map(([type, { example, examples }]) => ({
      status,
      values: examples ? Object.values(examples).map(({ value }) => value) : [example],
      validate: answers[status]?.[type],
    })),
  );

describe('GET /openapi.json', () => {
  it('equals docs/openapi.json, which npm run openapi writes', async () => {
    const { read } = await open();
    expect(await read('/openapi.json')).toEqual(readJson('docs/openapi.json'));
  });

  it('is the same for a server with API keys', async () => {
    const { read } = await closed();
    expect(await read('/openapi.json')).toEqual(await (await open()).read('/openapi.json'));
  });

  it('lists the operations for tickets before those for operators', async () => {
    expect(document.openapi).toBe('3.1.0');
    expect(operations.map(({ method, path, operationId, tags }) => [method, path, operationId, tags])).toEqual([
      ['POST', '/tickets', 'createTicket', ['Tickets']],
      ['GET', '/tickets', 'listTickets', ['Tickets']],
      ['GET', '/tickets/{id}', 'getTicket', ['Tickets']],
      ['DELETE', '/tickets/{id}', 'deleteTicket', ['Tickets']],
      ['GET', '/tickets/{id}/result', 'getTicketResult', ['Tickets']],
      ['POST', '/tickets/{id}/process', 'processTicket', ['Tickets']],
      ['POST', '/batches', 'createBatch', ['Batches']],
      ['GET', '/batches', 'listBatches', ['Batches']],
      ['GET', '/batches/{id}', 'getBatch', ['Batches']],
      ['DELETE', '/batches/{id}', 'cancelBatch', ['Batches']],
      ['GET', '/tickets/{id}/runs', 'listRuns', ['Runs']],
      ['GET', '/tickets/{id}/runs/{number}', 'getRun', ['Runs']],
      ['GET', '/usage', 'getUsage', ['Runs']],
      ['GET', '/health', 'getHealth', ['Operations']],
      ['GET', '/ready', 'getReadiness', ['Operations']],
      ['GET', '/metrics', 'getMetrics', ['Operations']],
    ]);
    expect(document.tags).toEqual([
      { name: 'Tickets', description: expect.any(String) },
      { name: 'Batches', description: expect.any(String) },
      { name: 'Runs', description: expect.any(String) },
      { name: 'Operations', description: expect.any(String) },
    ]);
  });

  it('documents exactly the methods that each path allows', async () => {
    const { app, create, read } = await open();
    await create();
    for (const [path, methods] of Object.entries<object>((await read('/openapi.json')).paths)) {
      const response = await app.inject({ method: 'OPTIONS', url: path.replaceAll(/\{\w+\}/g, '1') });
      const allowed = String(response.headers.allow).toLowerCase().split(', ');
      expect(allowed.filter((method) => method !== 'head')).toEqual(Object.keys(methods));
    }
  });

  it('explains every operation, parameter and answer', async () => {
    for (const { operationId, summary, description, parameters = [], responses } of operations) {
      for (const text of [summary, description]) expect(text, operationId).toMatch(/^[A-Z].{10,}/);
      for (const { name, description, schema } of parameters) {
        expect(description, `${operationId} ${name}`).toMatch(/^[A-Z].+\.$/);
        expect(schema.type, `${operationId} ${name}`).toMatch(/^(?:integer|boolean|string|array)$/);
      }
      for (const [status, { description }] of Object.entries(responses)) {
        expect(description, `${operationId} ${status}`).toMatch(/^[A-Z].+\.$/);
      }
    }
  });

  it('explains every field and gives an example of it', async () => {
    const { Ticket, TicketListEntry, Result, Run, Batch, Usage, Problem } = document.components.schemas;
    const body = document.paths['/tickets'].post.requestBody.content['application/json'].schema;
    const { errors, ...problem } = Problem.properties;
    const { data, total, ...usage } = Usage.properties;
    const { runs, ...sums } = data.items.properties;
    for (const properties of [
      Ticket.properties,
      TicketListEntry.properties,
      Result.properties,
      Run.properties,
      Batch.properties,
      usage,
      sums,
      runs.properties,
      body.properties,
      problem,
      errors.items.properties,
    ]) {
      for (const [name, field] of Object.entries(properties)) {
        expect(field, name).toMatchObject({ description: expect.stringMatching(/\.$/), examples: [expect.anything()] });
      }
    }
  });

  it('has examples of every answer that fit the schema and the status', async () => {
    for (const { operationId, ...operation } of operations) {
      for (const { status, values, validate } of answerExamples(operation)) {
        expect(values.length, `${operationId} ${status}`).toBeGreaterThan(0);
        for (const value of values) {
          expect(validate?.(value), `${operationId} ${status} ${JSON.stringify(validate?.errors)}`).toBe(true);
          if (Number(status) >= 400) expect(value, operationId).toMatchObject({ status: Number(status) });
        }
      }
    }
  });

  it('has an example body from which a ticket is created', async () => {
    const { requestBody, responses } = document.paths['/tickets'].post;
    const { app } = await startService();
    const payload = requestBody.content['application/json'].example;
    const { created_at, ...expected } = responses[201].content['application/json'].example;
    expect((await app.inject({ method: 'POST', url: '/tickets', payload })).json()).toMatchObject(expected);
  });

  it('describes the limits that the validation applies', async () => {
    const { components, paths } = document;
    const body = paths['/tickets'].post.requestBody.content['application/json'].schema;
    expect(body.required).toEqual(['raw_text']);
    expect(body.properties.raw_text).toMatchObject({ type: 'string', minLength: 1, maxLength: 20000 });
    expect(body.properties.source).toMatchObject({ type: 'string', maxLength: 50, default: 'web' });
    expect(paths['/tickets/{id}/process'].post.parameters).toMatchObject([
      { name: 'id', in: 'path', required: true },
      { name: 'force', in: 'query', required: false, schema: { type: 'boolean', default: false } },
      { name: 'prefer', in: 'header', required: false },
    ]);
    expect(Object.keys(components.schemas)).toEqual([
      'Ticket',
      'TicketListEntry',
      'Result',
      'Run',
      'Batch',
      'Usage',
      'Problem',
    ]);
    expect(paths['/tickets'].post.responses[201].headers).toMatchObject({ Location: {}, 'Idempotent-Replayed': {} });
    expect(paths['/tickets'].post.parameters).toMatchObject([
      { name: 'idempotency-key', in: 'header', required: false, schema: { minLength: 1, maxLength: 255 } },
    ]);
    expect(paths['/tickets/{id}/runs'].get.responses[200].headers).toHaveProperty('Link');
  });

  it('says which operations need no key', async () => {
    expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer', 'apiKey']);
    expect(document.security).toEqual([{ bearer: [] }, { apiKey: [] }, {}]);
    expect(document.paths['/health'].get.security).toEqual([]);
    expect(document.paths['/ready'].get.security).toEqual([]);
    expect(document.paths['/metrics'].get).not.toHaveProperty('security');
    expect(document.paths['/tickets'].post).not.toHaveProperty('security');
  });

  it.each([
    ['/tickets', 'post', [201, 401, 403, 413, 415, 422, 429, 503]],
    ['/tickets/{id}', 'get', [200, 401, 403, 404, 422, 429, 503]],
    ['/tickets/{id}', 'delete', [204, 401, 403, 404, 422, 429, 503]],
    ['/tickets/{id}/result', 'get', [200, 401, 403, 404, 422, 429, 503]],
    ['/tickets/{id}/runs', 'get', [200, 401, 403, 404, 422, 429, 503]],
    ['/tickets/{id}/runs/{number}', 'get', [200, 401, 403, 404, 422, 429, 503]],
    ['/usage', 'get', [200, 401, 403, 422, 429, 503]],
    ['/tickets/{id}/process', 'post', [200, 202, 401, 403, 404, 422, 429, 502, 503, 504]],
  ])('lists the statuses of %s', async (path, method, statuses) => {
    expect(Object.keys(document.paths[path][method].responses)).toEqual([...statuses.map(String), 'default']);
  });

  it.each([
    ['createTicket', 'unauthorized', 'POST', '/tickets', {}],
    ['createTicket', 'forbidden', 'POST', '/tickets', { origin: 'http://other.test' }],
    ['createTicket', 'invalid_input', 'POST', '/tickets', {}, '{}'],
    ['createTicket', 'invalid_json', 'POST', '/tickets', {}, '{'],
    ['createTicket', 'body_too_large', 'POST', '/tickets', {}, ' '.repeat(300_000)],
    ['createTicket', 'unsupported_media_type', 'POST', '/tickets', { 'content-type': 'text/css' }, 'x'],
    ['createTicket', 'rate_limited', 'POST', '/tickets', {}, '{"raw_text":"x"}'],
    ['getTicket', 'invalid_input', 'GET', '/tickets/x', {}],
    ['getTicket', 'ticket_not_found', 'GET', '/tickets/999', {}],
    ['getTicketResult', 'result_not_found', 'GET', '/tickets/1/result', {}],
    ['deleteTicket', 'ticket_not_found', 'DELETE', '/tickets/999', {}],
    ['listRuns', 'invalid_input', 'GET', '/tickets/1/runs?cursor=x', {}],
    ['listRuns', 'ticket_not_found', 'GET', '/tickets/999/runs', {}],
    ['getRun', 'invalid_input', 'GET', '/tickets/1/runs/x', {}],
    ['getRun', 'run_not_found', 'GET', '/tickets/1/runs/1', {}],
    ['getUsage', 'invalid_input', 'GET', '/usage?from=9999-01-01', {}],
    ['processTicket', 'ticket_not_found', 'POST', '/tickets/999/process', {}],
  ] as const)('shows for %s a %s as the server sends it', async (operationId, code, method, url, headers, payload?) => {
    const shared = code === 'unauthorized' ? closed : open;
    const limited = { app: { rateLimits: { perMinute: 1, processPerMinute: 0 } } };
    const { app, create } = await (code === 'rate_limited' ? startService(limited) : shared());
    await create();
    const response = await app.inject({
      method,
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: payload ?? '',
    });
    expect(withoutWording(response.json())).toEqual(withoutWording(problemExample(operationId, code)));
  });
});

function problemExample(operationId: string, code: string): Problem {
  const examples = operations
    .filter((operation) => operation.operationId === operationId)
    .flatMap(answerExamples)
    .flatMap(({ values }) => values as Problem[]);
  return examples.find((example) => example.code === code) as Problem;
}

const withoutWording = ({ detail, request_id, errors = [], ...problem }: Problem) => ({
  ...problem,
  errors: errors.map(({ loc }) => loc),
});

describe('GET /docs', () => {
  it('serves Swagger UI with all its assets from this server', async () => {
    const { app } = await open();
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

  it('has a content security policy without foreign hosts and inline scripts', async () => {
    const { app } = await open();
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
});
