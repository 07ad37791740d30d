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

test.each([
  ['application/json', ''],
  ['application/json', '{'],
  ['application/json', 'x'.repeat(2_000_000)],
  ['text/plain', 'hello'],
  ['not a media type', 'hello'],
  ['', 'hello'],
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
    `POST /tickets/1/process HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
      'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
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
