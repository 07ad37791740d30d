import { beforeAll, describe, expect, it } from 'vitest';
import { Result } from '../schemas/result.ts';
import { openSqliteFile } from '../testing/database.ts';
import { completed, OUTPUT } from '../testing/provider.ts';
import { shareService, withNewTicket, withTickets } from '../testing/service.ts';
import { connectTo, exchange, receiveAll } from '../testing/socket.ts';

/** Makes every change of a ticket to this status fail. */
function rejectStatus(database: string, status: 'done' | 'failed'): void {
  openSqliteFile(database).exec(
    `CREATE TRIGGER full BEFORE UPDATE ON tickets WHEN new.status = '${status}' BEGIN SELECT RAISE(ABORT, 'full'); END`,
  );
}

const shared = shareService();

describe('POST /tickets/:id/process', () => {
  it('stores the answer of the model with its metadata', async () => {
    const { process, read } = await withTickets(1, {});
    const response = await process(1);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({
      ...OUTPUT,
      id: 1,
      ticket_id: 1,
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
    expect(await read('/tickets/1')).toMatchObject({ status: 'done' });
  });

  it('returns every field as GET /tickets/:id/result does', async () => {
    const { id, process, read } = await withNewTicket(shared);
    const result = (await process(id)).json();
    expect(Object.keys(result)).toEqual(Object.keys(Result.properties));
    expect(await read(`/tickets/${id}/result`)).toEqual(result);
  });

  it('returns the stored result without a call', async () => {
    const { id, process, provider } = await withNewTicket(shared);
    const first = await process(id);
    expect((await process(id)).body).toBe(first.body);
    expect((await process(id, '?force=no')).body).toBe(first.body);
    expect(provider.requests).toHaveLength(1);
  });

  it('returns 404 for an unknown id', async () => {
    const { process } = await shared();
    expect((await process(999)).json()).toMatchObject({ status: 404, code: 'ticket_not_found' });
  });

  it('makes one call for concurrent requests', async () => {
    const { id, process, provider } = await withNewTicket(shared);
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => process(id, i % 2 ? '?force=true' : '')));
    expect(new Set(all.map(({ body }) => body)).size).toBe(1);
    expect(provider.requests).toHaveLength(1);
  });

  it('sets the status to `processing` during the call', async () => {
    const { id, process, provider, read } = await withNewTicket(shared);
    let during: unknown;
    provider.respond(async () => {
      during = await read(`/tickets/${id}`);
      return completed();
    });
    await process(id);
    expect(during).toMatchObject({ status: 'processing' });
  });

  it('sets the status to `failed` after a failure, and can be repeated', async () => {
    const { id, process, provider, read } = await withNewTicket(shared);
    provider.respond({ status: 500 });
    expect((await process(id)).statusCode).toBe(503);
    expect(await read(`/tickets/${id}`)).toMatchObject({ status: 'failed' });
    expect(await read(`/tickets/${id}/result`)).toMatchObject({ code: 'result_not_found' });
    provider.respond(completed());
    expect((await process(id)).statusCode).toBe(200);
    expect(await read(`/tickets/${id}`)).toMatchObject({ status: 'done' });
  });

  it('keeps the older result and the status `done` after a failed re-run', async () => {
    const { id, process, provider, read } = await withNewTicket(shared);
    const first = await process(id);
    provider.respond({ status: 500 });
    expect((await process(id, '?force=true')).statusCode).toBe(503);
    expect(await read(`/tickets/${id}`)).toMatchObject({ status: 'done' });
    expect(await read(`/tickets/${id}/result`)).toEqual(first.json());
  });

  it('does not store a part of a result that cannot be stored', async () => {
    const { database, log, process, read } = await withTickets(1, {});
    rejectStatus(database, 'done');
    expect((await process(1)).json()).toMatchObject({ status: 500, code: 'internal_error' });
    expect(await read('/tickets/1/result')).toMatchObject({ code: 'result_not_found' });
    expect(await read('/tickets/1')).toMatchObject({ status: 'failed' });
    const lines = log.map((line) => JSON.parse(line));
    expect(lines.filter(({ err }) => err)).toMatchObject([{ msg: 'run', ticketId: 1, outcome: 'internal_error' }]);
  });

  it("returns the provider's error even if the status cannot be stored", async () => {
    const { database, logged, process, provider } = await withTickets(1, {});
    rejectStatus(database, 'failed');
    provider.respond({ status: 500 });
    expect((await process(1)).json()).toMatchObject({ status: 503, code: 'llm_unavailable' });
    expect(logged('a failed run could not be ended')).toMatchObject([{ ticketId: 1 }]);
  });
});

describe('a body on POST /tickets/:id/process', () => {
  it.each([
    ['application/json', ''],
    ['application/json', '{'],
    ['application/json', '{}'],
    ['application/json', '{"forced":true,"__proto__":{"force":true}}'],
    ['application/json', '[{"force":true}]'],
    ['application/json', 'null'],
    ['application/json', 'x'.repeat(2_000_000)],
    ['text/plain', 'hello'],
    ['not a media type', 'hello'],
    ['', 'hello'],
    ['multipart/form-data', 'hello'],
  ])('is ignored (%s)', async (contentType, payload) => {
    const { id, app } = await withNewTicket(shared);
    const headers = { 'content-type': contentType };
    const response = await app.inject({ method: 'POST', url: `/tickets/${id}/process`, headers, payload });
    expect(response.statusCode).toBe(200);
  });

  it.each([
    ['application/json', '{"force":true}'],
    ['application/x-www-form-urlencoded', '{"force": true}'],
    ['not a media type', '{"x":1,"force":false}'],
  ])('is 422 if it is an object with `force` (%s)', async (contentType, payload) => {
    const { id, app, provider } = await withNewTicket(shared);
    const headers = { 'content-type': contentType };
    const response = await app.inject({ method: 'POST', url: `/tickets/${id}/process`, headers, payload });
    expect(response.json()).toMatchObject({
      status: 422,
      code: 'invalid_input',
      errors: [{ loc: ['body', 'force'], msg: 'must be the query parameter ?force=true' }],
    });
    expect(provider.requests).toHaveLength(0);
  });

  let url: string;
  beforeAll(async () => {
    url = await (await shared()).app.listen({ host: '127.0.0.1', port: 0 });
  });

  it.each([
    ['endless', 'Transfer-Encoding: chunked', `400\r\n${'{'.repeat(0x400)}\r\n`],
    ['slow', 'Content-Length: 14', '{"force":'],
    ['missing', 'Content-Length: 14', ''],
  ])('does not delay the run if it is %s', async (_name, header, body) => {
    const { id, provider } = await withNewTicket(shared);
    const socket = connectTo(url);
    const received = receiveAll(socket);
    socket.write(`POST /tickets/${id}/process HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n${body}`);
    // The body never ends: the server closes the connection after the answer.
    expect(await received).toMatch(/^HTTP\/1\.1 200 /);
    expect(provider.requests).toHaveLength(1);
  });

  it('does not stop a run if its client hangs up before the body has arrived', async () => {
    const { id, read } = await withNewTicket(shared);
    const socket = connectTo(url);
    socket.write(`POST /tickets/${id}/process HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n\r\n{`);
    await expect.poll(async () => (await read(`/tickets/${id}`)).status).not.toBe('new');
    socket.destroy();
    await expect.poll(async () => (await read(`/tickets/${id}`)).status).toBe('done');
  });

  it('leaves the connection to the next request', async () => {
    const { id } = await withNewTicket(shared);
    const body = 'x'.repeat(300_000);
    const answer = await exchange(
      url,
      `POST /tickets/${id}/process HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
        'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    expect(answer.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    expect(answer).toMatch(/\{"ok":true\}$/);
  });
});
