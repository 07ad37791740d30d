import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { completed, OUTPUT } from '../testing/provider.ts';
import { startService } from '../testing/service.ts';
import { exchange } from '../testing/socket.ts';

test('processing stores what the model wrote with what the call cost', async () => {
  const { create, process, read } = await startService();
  await create();
  const response = await process(1);
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({
    id: 1,
    ticket_id: 1,
    ...OUTPUT,
    model: 'gpt-4o-mini-2024-07-18',
    prompt_version: 'v1',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    openai_request_id: 'req_1',
    latency_ms: expect.any(Number),
    input_tokens: 120,
    output_tokens: 40,
    total_tokens: 160,
    cached_tokens: 64,
  });
  expect(await read('/tickets/1/result')).toEqual(response.json());
  expect(await read('/tickets/1')).toMatchObject({ status: 'done' });
});

test('a ticket that has a result is answered from it, without a call', async () => {
  const { create, process, provider } = await startService();
  await create();
  const first = await process(1);
  expect((await process(1)).body).toBe(first.body);
  expect((await process(1, '?force=no')).body).toBe(first.body);
  expect(provider.requests).toHaveLength(1);
});

test('force makes a new result in the place of the old one, and every field describes the new run', async () => {
  const { create, process, provider, read, store } = await startService();
  await create();
  await store.runs.start(1, { force: true, claim: true });
  await store.runs.finish(1, {
    ticket_id: 1,
    ...{ summary: 'old', category: 'other', reply_draft: 'old', model: 'dummy', prompt_version: 'v0' },
    ...{ openai_request_id: 'old', latency_ms: 9999, input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    cached_tokens: 4,
  });
  const old = await read('/tickets/1/result');
  expect(old.model).toBe('dummy');
  await new Promise((resolve) => setTimeout(resolve, 1100)); // times are whole seconds

  provider.respond({ ...completed(OUTPUT, { model: 'gpt-new', usage: undefined }), headers: {} });
  const response = await process(1, '?force=true');
  expect(response.json()).toMatchObject({ ...OUTPUT, id: old.id, model: 'gpt-new', prompt_version: 'v1' });
  const { created_at, latency_ms, ...rest } = response.json();
  expect(Date.parse(created_at)).toBeGreaterThan(Date.parse(old.created_at));
  expect(latency_ms).toBeLessThan(9999);
  const unknown = { openai_request_id: null, input_tokens: null, output_tokens: null, total_tokens: null };
  expect(rest).toMatchObject({ ...unknown, cached_tokens: null });
  expect(await read('/tickets/1/result')).toEqual(response.json());
});

test('force takes the words that the Python app takes, in any case', async () => {
  const { create, process, provider } = await startService();
  await create();
  await process(1);
  for (const word of ['true', '1', 'yes', 'on', 't', 'y', 'TRUE', 'Yes', 'oN']) {
    const calls = provider.requests.length;
    expect((await process(1, `?force=${word}`)).statusCode).toBe(200);
    expect(provider.requests).toHaveLength(calls + 1);
  }
  for (const word of ['false', '0', 'no', 'off', 'f', 'n', 'FALSE', 'No', 'oFF']) {
    const calls = provider.requests.length;
    expect((await process(1, `?force=${word}`)).statusCode).toBe(200);
    expect(provider.requests).toHaveLength(calls);
  }
});

test.each([
  '?force=',
  '?force',
  '?force=maybe',
  '?force=2',
  '?force=%20true',
  '?force=true&force=true',
  '?force=ye%C5%BF',
])('the query %s is an error', async (query) => {
  const { create, process, provider } = await startService();
  await create();
  expect((await process(1, query)).json()).toMatchObject({ status: 422, errors: [{ loc: ['query', 'force'] }] });
  expect(provider.requests).toHaveLength(0);
});

test('a bad id and a bad force are both listed', async () => {
  const { process } = await startService();
  const { errors } = (await process('x' as unknown as number, '?force=maybe')).json();
  expect(errors.map(({ loc }: { loc: string[] }) => loc)).toEqual([
    ['path', 'id'],
    ['query', 'force'],
  ]);
});

test.each([
  ['application/json', ''],
  ['application/json', '{'],
  ['application/json', 'x'.repeat(2_000_000)],
  ['text/plain', 'hello'],
  ['not a media type', 'hello'],
  ['multipart/form-data', 'hello'],
])('a body on /process is ignored: %s', async (contentType, payload) => {
  const { app, create } = await startService();
  await create();
  const headers = { 'content-type': contentType };
  const response = await app.inject({ method: 'POST', url: '/tickets/1/process', headers, payload });
  expect(response.statusCode).toBe(200);
});

test('a connection serves its next request after a body on /process that was ignored', async () => {
  const { app, create } = await startService();
  await create();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const body = 'x'.repeat(300_000);
  const answer = await exchange(
    url,
    `POST /tickets/1/process HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
      'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  );
  expect(answer.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
  expect(answer).toMatch(/\{"ok":true\}$/);
});

test('requests for one ticket at the same time share one call', async () => {
  const { create, process, provider } = await startService();
  await create();
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => process(1, i % 2 ? '?force=true' : '')));
  expect(new Set(all.map(({ body }) => body)).size).toBe(1);
  expect(provider.requests).toHaveLength(1);
});

test('a force at the same time as a request that only reads makes its own run', async () => {
  const { create, process, provider } = await startService();
  await create();
  await process(1);
  await Promise.all([process(1), process(1, '?force=true')]);
  expect(provider.requests).toHaveLength(2);
});

test('a result that cannot be stored is not stored in part', async () => {
  const { create, database, process, read } = await startService();
  await create();
  const sqlite = new Database(database);
  sqlite.exec(
    `CREATE TRIGGER full BEFORE UPDATE ON tickets WHEN new.status = 'done' BEGIN SELECT RAISE(ABORT, 'full'); END`,
  );
  sqlite.close();
  expect((await process(1)).json()).toMatchObject({ status: 500, code: 'internal_error' });
  expect(await read('/tickets/1/result')).toMatchObject({ code: 'result_not_found' });
  expect(await read('/tickets/1')).toMatchObject({ status: 'failed' });
});

test("the model's error is told also where the ticket's status cannot be written", async () => {
  const { create, database, log, process, provider } = await startService();
  await create();
  const sqlite = new Database(database);
  sqlite.exec(
    `CREATE TRIGGER full BEFORE UPDATE ON tickets WHEN new.status = 'failed' BEGIN SELECT RAISE(ABORT, 'full'); END`,
  );
  sqlite.close();
  provider.respond({ status: 500 });
  expect((await process(1)).json()).toMatchObject({ status: 503, code: 'llm_unavailable' });
  expect(log.join()).toMatch('could not be ended');
});

test('a ticket is `processing` while the model is asked', async () => {
  const { create, process, provider, read } = await startService();
  await create();
  let during: unknown;
  provider.respond(async () => {
    during = await read('/tickets/1');
    return completed();
  });
  await process(1);
  expect(during).toMatchObject({ status: 'processing' });
});

test('after a failure the ticket is `failed`, and can be processed again', async () => {
  const { create, process, provider, read } = await startService();
  await create();
  provider.respond({ status: 500 });
  expect((await process(1)).statusCode).toBe(503);
  expect(await read('/tickets/1')).toMatchObject({ status: 'failed' });
  expect(await read('/tickets/1/result')).toMatchObject({ code: 'result_not_found' });
  provider.respond(completed());
  expect((await process(1)).statusCode).toBe(200);
  expect(await read('/tickets/1')).toMatchObject({ status: 'done' });
});

test('after a failed re-run the older result stands and the ticket is `done`', async () => {
  const { create, process, provider, read } = await startService();
  await create();
  const first = await process(1);
  provider.respond({ status: 500 });
  expect((await process(1, '?force=true')).statusCode).toBe(503);
  expect(await read('/tickets/1')).toMatchObject({ status: 'done' });
  expect(await read('/tickets/1/result')).toEqual(first.json());
});
