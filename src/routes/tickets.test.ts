import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { startService } from '../testing/service.ts';

const problem = (status: number, title: string, code: string, detail: string) => ({
  type: 'about:blank',
  title,
  status,
  detail,
  code,
  request_id: expect.any(String),
});

test('a ticket is created with 201, its Location and the default source', async () => {
  const { app, read } = await startService();
  const payload = { raw_text: 'I cannot login to my account. Please help.' };
  const response = await app.inject({ method: 'POST', url: '/tickets', payload });
  expect(response.statusCode).toBe(201);
  expect(response.headers.location).toBe('/tickets/1');
  expect(response.json()).toEqual({
    id: 1,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    source: 'web',
    raw_text: 'I cannot login to my account. Please help.',
    status: 'new',
  });
  expect(await read('/tickets/1')).toEqual(response.json());
});

test('created_at is the time in UTC', async () => {
  const { create } = await startService();
  const { created_at } = await create();
  expect(Math.abs(Date.parse(created_at) - Date.now())).toBeLessThan(5000);
});

test('unknown fields are ignored, id and status too', async () => {
  const { app } = await startService();
  const payload = '{"raw_text":"x","source":"email","id":77,"status":"done","more":[1],"__proto__":{"source":"y"}}';
  const headers = { 'content-type': 'application/json' };
  const response = await app.inject({ method: 'POST', url: '/tickets', payload, headers });
  expect(response.json()).toMatchObject({ id: 1, source: 'email', status: 'new' });
  expect(Object.keys(response.json())).toEqual(['id', 'created_at', 'source', 'raw_text', 'status']);
});

test.each([
  ['20000 emoji', '😀'.repeat(20000)],
  ['one character', 'x'],
  ['right-to-left text', '\u202bمرحبا\u202c'],
  ['markup', '</script><b>&amp;\u2028'],
  ['line ends and tabs', 'a\r\nb\tc\n'],
  ['white space alone', ' '],
  ['a BOM', '\ufeffx'],
])('%s comes back byte for byte', async (_name, raw_text) => {
  const { app, create } = await startService();
  const { id } = await create(raw_text);
  expect((await app.inject(`/tickets/${id}`)).json().raw_text).toBe(raw_text);
});

test.each([
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
  ['two bad fields', { raw_text: 7, source: 7 }, ['raw_text', 'source']],
])('%s is refused with 422 and the field', async (_name, payload, fields) => {
  const { app } = await startService();
  const response = await app.inject({ method: 'POST', url: '/tickets', payload });
  expect(response.statusCode).toBe(422);
  expect(response.headers['content-type']).toMatch('application/problem+json');
  expect(response.json()).toMatchObject(problem(422, 'Unprocessable Entity', 'invalid_input', 'invalid input'));
  const loc = response.json().errors.map((error: { loc: string[] }) => error.loc);
  expect(loc).toEqual(fields.map((field) => ['body', field]));
});

test('a source of 50 emoji and an empty source are taken as they are', async () => {
  const { app } = await startService();
  for (const source of ['😀'.repeat(50), '']) {
    const response = await app.inject({ method: 'POST', url: '/tickets', payload: { raw_text: 'x', source } });
    expect(response.json().source).toBe(source);
  }
});

test('what is wrong with a text that cannot be stored is said in words', async () => {
  const { app } = await startService();
  const response = await app.inject({ method: 'POST', url: '/tickets', payload: { raw_text: '\0' } });
  expect(response.json().errors[0].msg).toBe('must not contain U+0000 or half of a surrogate pair');
});

test('the submitted text is not echoed in an error', async () => {
  const { app } = await startService();
  const payload = { raw_text: 'x'.repeat(20001), source: 'canary'.repeat(10) };
  const response = await app.inject({ method: 'POST', url: '/tickets', payload });
  expect(response.statusCode).toBe(422);
  expect(response.body).not.toMatch(/xxx|canary/);
});

test('a body that is no object is refused', async () => {
  const { app } = await startService();
  for (const payload of ['null', '[]', '"text"', '5']) {
    const headers = { 'content-type': 'application/json' };
    const response = await app.inject({ method: 'POST', url: '/tickets', payload, headers });
    expect(response.json()).toMatchObject({ status: 422, errors: [{ loc: ['body'], msg: 'must be object' }] });
  }
});

test('a ticket, or a result, that is not there is 404 in the words of the Python app', async () => {
  const { app, create } = await startService();
  await create();
  const ticketMissing = problem(404, 'Not Found', 'ticket_not_found', 'ticket not found');
  expect((await app.inject('/tickets/2')).json()).toEqual(ticketMissing);
  expect((await app.inject('/tickets/2/result')).json()).toEqual(ticketMissing);
  expect((await app.inject({ method: 'POST', url: '/tickets/2/process' })).json()).toEqual(ticketMissing);
  const resultMissing = problem(404, 'Not Found', 'result_not_found', 'result not found');
  expect((await app.inject('/tickets/1/result')).json()).toEqual(resultMissing);
});

test.each(['0', '9007199254740992', '9007199254740993', '9'.repeat(300)])(
  'the id %s is simply not there',
  async (id) => {
    const { app, database } = await startService();
    const sqlite = new Database(database);
    sqlite.prepare("INSERT INTO tickets (id, source, raw_text) VALUES (?, 'web', 'x')").run(2n ** 53n);
    sqlite.close();
    for (const path of [`/tickets/${id}`, `/tickets/${id}/result`]) {
      expect((await app.inject(path)).json()).toMatchObject({ status: 404, code: 'ticket_not_found' });
    }
  },
);

test.each(['abc', '1.5', '0x1', '-1', '+1', '1%20', '1%0A', '%D9%A1', '', 'x'.repeat(300)])(
  'the id "%s" is an error',
  async (id) => {
    const { app } = await startService();
    const response = await app.inject(`/tickets/${id}/result`);
    expect(response.json()).toMatchObject({ status: 422, errors: [{ loc: ['path', 'id'] }] });
  },
);
