import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { Ticket } from '../schemas/ticket.ts';
import { shareService, startService, withNewTicket } from '../testing/service.ts';

const shared = shareService();

async function post(payload: object | string, service = shared()) {
  const { app } = await service;
  const headers = { 'content-type': 'application/json' };
  return app.inject({ method: 'POST', url: '/tickets', headers, payload });
}

const notFound = (code: string, detail: string) => ({
  type: 'about:blank',
  title: 'Not Found',
  status: 404,
  code,
  detail,
  request_id: expect.any(String),
});

describe('POST /tickets', () => {
  it('returns 201, the Location and the ticket with the default source', async () => {
    const response = await post({ raw_text: 'I cannot login to my account. Please help.' }, startService());
    expect(response.statusCode).toBe(201);
    expect(response.headers.location).toBe('/tickets/1');
    expect(response.json()).toEqual({
      id: 1,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      source: 'web',
      raw_text: 'I cannot login to my account. Please help.',
      status: 'new',
    });
  });

  it('returns every field as GET /tickets/:id does', async () => {
    const { create, read } = await shared();
    const ticket = await create();
    expect(Object.keys(ticket)).toEqual(Object.keys(Ticket.properties));
    expect(await read(`/tickets/${ticket.id}`)).toEqual(ticket);
  });

  it('sets created_at to the time in UTC', async () => {
    const { create } = await shared();
    const before = Math.floor(Date.now() / 1000) * 1000; // stored in whole seconds
    const { created_at } = await create();
    expect(Date.parse(created_at)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(created_at)).toBeLessThanOrEqual(Date.now());
  });

  it('ignores unknown fields, among them id and status', async () => {
    const response = await post(
      '{"raw_text":"x","source":"email","id":77,"status":"done","more":[1],"__proto__":{"source":"y"}}',
      startService(),
    );
    expect(response.json()).toMatchObject({ id: 1, source: 'email', status: 'new' });
    expect(Object.keys(response.json())).toEqual(Object.keys(Ticket.properties));
  });

  it.each([
    ['20000 emoji', '😀'.repeat(20000)],
    ['one character', 'x'],
    ['right-to-left text', '\u202bمرحبا\u202c'],
    ['markup', '</script><b>&amp;\u2028'],
    ['line ends and tabs', 'a\r\nb\tc\n'],
    ['white space only', ' '],
    ['a BOM', '\ufeffx'],
  ])('stores the text byte for byte: %s', async (_name, raw_text) => {
    const { create, read } = await shared();
    const { id } = await create(raw_text);
    expect((await read(`/tickets/${id}`)).raw_text).toBe(raw_text);
  });

  it.each(['😀'.repeat(50), ''])('accepts the source %j', async (source) => {
    expect((await post({ raw_text: 'x', source })).json().source).toBe(source);
  });

  it.each([
    ['20001 emoji', { raw_text: '😀'.repeat(20001) }, ['raw_text']],
    ['an empty text', { raw_text: '' }, ['raw_text']],
    ['no text', {}, ['raw_text']],
    ['a number', { raw_text: 5 }, ['raw_text']],
    ['null', { raw_text: null }, ['raw_text']],
    ['an object', { raw_text: {} }, ['raw_text']],
    ['an array', { raw_text: ['x'] }, ['raw_text']],
    ['a boolean', { raw_text: true }, ['raw_text']],
    ['a lone surrogate', { raw_text: 'a\ud800b' }, ['raw_text']],
    ['U+0000', { raw_text: 'a\0b' }, ['raw_text']],
    ['a source of 51 characters', { raw_text: 'x', source: 's'.repeat(51) }, ['source']],
    ['a source that is null', { raw_text: 'x', source: null }, ['source']],
    ['a source with U+0000', { raw_text: 'x', source: '\0' }, ['source']],
    ['two invalid fields', { raw_text: 7, source: 7 }, ['raw_text', 'source']],
  ])('returns 422 with the fields for %s', async (_name, payload, fields) => {
    const response = await post(payload);
    expect(response.headers['content-type']).toMatch('application/problem+json');
    expect(response.json()).toEqual({
      type: 'about:blank',
      title: 'Unprocessable Entity',
      status: 422,
      code: 'invalid_input',
      detail: 'invalid input',
      errors: fields.map((field) => ({ loc: ['body', field], msg: expect.any(String) })),
      request_id: expect.any(String),
    });
  });

  it.each([
    [{}, 'is missing'],
    [{ raw_text: '\0' }, 'must not contain U+0000 or half of a surrogate pair'],
    [{ raw_text: 5 }, 'must be a string'],
    [{ raw_text: '' }, 'must not be empty'],
    [{ raw_text: 'x'.repeat(20001) }, 'must have at most 20000 characters'],
  ])('explains what is wrong with %j', async (payload, msg) => {
    expect((await post(payload)).json().errors).toEqual([{ loc: ['body', 'raw_text'], msg }]);
  });

  it('does not repeat the text in an error', async () => {
    const response = await post({ raw_text: 'x'.repeat(20001), source: 'canary'.repeat(10) });
    expect(response.statusCode).toBe(422);
    expect(response.body).not.toMatch(/xxx|canary/);
  });

  it.each(['null', '[]', '"text"', '5'])('returns 422 for the body %s', async (payload) => {
    const errors = [{ loc: ['body'], msg: 'must be a JSON object' }];
    expect((await post(payload)).json()).toMatchObject({ status: 422, errors });
  });
});

describe.each(['/tickets/:id', '/tickets/:id/result'])('GET %s', (route) => {
  const path = (id: string) => route.replace(':id', id);

  it('returns 404 for an unknown id', async () => {
    const { read } = await shared();
    expect(await read(path('999'))).toEqual(notFound('ticket_not_found', 'ticket not found'));
  });

  const withLargeId = shareService();
  beforeAll(async () => {
    const sqlite = new Database((await withLargeId()).database);
    sqlite.prepare("INSERT INTO tickets (id, source, raw_text) VALUES (?, 'web', 'x')").run(2n ** 53n);
    sqlite.close();
  });

  it.each(['0', '9007199254740992', '9007199254740993', '9'.repeat(300)])('returns 404 for the id %s', async (id) => {
    const { read } = await withLargeId();
    expect(await read(path(id))).toMatchObject({ status: 404, code: 'ticket_not_found' });
  });

  it.each(['abc', '1.5', '0x1', '-1', '+1', '1e3', '1%20', '1%0A', '%D9%A1', 'x'.repeat(300)])(
    'returns 422 for the id "%s"',
    async (id) => {
      const { read } = await shared();
      const errors = [{ loc: ['path', 'id'], msg: 'must be an integer, in digits only' }];
      expect(await read(path(id))).toMatchObject({ status: 422, errors });
    },
  );

  it('returns 422 for an unknown query parameter', async () => {
    const { id, read } = await withNewTicket(shared);
    const errors = [{ loc: ['query', 'forced'], msg: 'is not a parameter of this route' }];
    expect(await read(`${path(String(id))}?forced=true`)).toMatchObject({ status: 422, errors });
  });
});

describe('GET /tickets/:id/result', () => {
  it('returns 404 for a ticket without a result', async () => {
    const { id, read } = await withNewTicket(shared);
    expect(await read(`/tickets/${id}/result`)).toEqual(notFound('result_not_found', 'result not found'));
  });

  it('returns 422 for an empty id', async () => {
    const { read } = await shared();
    expect(await read('/tickets//result')).toMatchObject({ status: 422, errors: [{ loc: ['path', 'id'] }] });
  });
});

describe('GET /', () => {
  it('redirects to /docs', async () => {
    const { app } = await shared();
    const response = await app.inject('/');
    expect([response.statusCode, response.headers.location]).toEqual([302, '/docs']);
  });
});
