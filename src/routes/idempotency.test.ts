import { describe, expect, it } from 'vitest';
import { openSqliteFile } from '../testing/database.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { openService } from '../testing/open-service.ts';
import { shareService, startService } from '../testing/service.ts';

type Service = Awaited<ReturnType<typeof openService>>;

const DAY_MS = 24 * 3600 * 1000;
const TICKET = { raw_text: 'My invoice is wrong.', source: 'email' };

const post = ({ app }: Service, key: string, payload: object | string = TICKET, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url: '/tickets',
    headers: { 'content-type': 'application/json', 'idempotency-key': key, ...headers },
    payload,
  });

const countTickets = ({ database }: Service) =>
  openSqliteFile(database).prepare('SELECT count(*) FROM tickets').pluck().get();

const shared = shareService();

/** The shared service without tickets, so that the next one has the id 1. */
async function emptied() {
  const service = await shared();
  openSqliteFile(service.database).exec(
    'DELETE FROM idempotency_keys; DELETE FROM tickets; DELETE FROM sqlite_sequence',
  );
  return service;
}

describe('Idempotency-Key of POST /tickets', () => {
  it('returns the first ticket for the same key and body', async () => {
    const service = await emptied();
    const first = await post(service, 'a');
    const second = await post(service, 'a');
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    expect(second.headers).toMatchObject({ 'idempotent-replayed': 'true', location: '/tickets/1' });
    expect([first.statusCode, second.statusCode]).toEqual([201, 201]);
    expect(second.body).toBe(first.body);
    expect(countTickets(service)).toBe(1);
  });

  it('returns the first ticket with its current status', async () => {
    const service = await startService();
    await post(service, 'a');
    await service.process(1);
    expect((await post(service, 'a')).json()).toMatchObject({ id: 1, status: 'done' });
  });

  it('creates a ticket for each key, and for each request without one', async () => {
    const service = await emptied();
    await post(service, 'a');
    await post(service, 'A');
    await service.create(TICKET.raw_text);
    await service.create(TICKET.raw_text);
    expect(countTickets(service)).toBe(4);
  });

  it.each([
    ['{ "source": "email",\n "raw_text": "My invoice is wrong." }'],
    ['{"raw_text":"My invoice \\u0069s wrong.","source":"email"}'],
    ['{"raw_text":"My invoice is wrong.","source":"email","more":1}'],
  ])('compares the fields, not the text of the body: %s', async (payload) => {
    const service = await emptied();
    await post(service, 'a');
    expect((await post(service, 'a', payload)).json()).toMatchObject({ id: 1 });
  });

  it('compares a field with its default', async () => {
    const service = await emptied();
    await post(service, 'a', { raw_text: 'x' });
    expect((await post(service, 'a', { raw_text: 'x', source: 'web' })).json()).toMatchObject({ id: 1 });
  });

  it.each([
    { raw_text: 'Another text.', source: 'email' },
    { raw_text: 'My invoice is wrong.', source: 'web' },
  ])('returns 422 idempotency_key_reused for other fields: %j', async (payload) => {
    const service = await emptied();
    await post(service, 'a');
    expect((await post(service, 'a', payload)).json()).toEqual({
      type: 'about:blank',
      title: 'Unprocessable Entity',
      status: 422,
      detail: 'the Idempotency-Key was used for another request',
      code: 'idempotency_key_reused',
      errors: [{ loc: ['header', 'idempotency-key'], msg: 'was used with other fields' }],
      request_id: expect.any(String),
    });
    expect(countTickets(service)).toBe(1);
  });

  it('does not remember a key whose request was invalid', async () => {
    const service = await emptied();
    expect((await post(service, 'a', {})).statusCode).toBe(422);
    expect((await post(service, 'a')).statusCode).toBe(201);
  });

  it('creates one ticket for simultaneous requests at two servers', async () => {
    const folder = temporaryFolder();
    const services = [await openService(folder), await openService(folder)];
    try {
      const all = await Promise.all(services.flatMap((service) => [1, 2, 3, 4, 5].map(() => post(service, 'a'))));
      expect(new Set(all.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1);
      expect(all.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
      expect(countTickets(services[0] as Service)).toBe(1);
    } finally {
      for (const service of services) await service.close();
    }
  });

  it("separates the keys of each API key's name", async () => {
    const apiKeys = ['support', 'crm', 'crm'].map((name, i) => ({ name, key: `key-${i}-0123456789abcdef` }));
    const service = await startService({ app: { apiKeys } });
    const ids: number[] = [];
    for (const { key } of apiKeys) ids.push((await post(service, 'a', TICKET, { 'x-api-key': key })).json().id);
    expect(ids).toEqual([1, 2, 2]);
  });

  it.each([
    [DAY_MS - 60_000, 1],
    [DAY_MS + 1, 2],
  ])('remembers a key for 24 hours: after %i ms the id is %i', async (age, id) => {
    const service = await emptied();
    await post(service, 'a');
    openSqliteFile(service.database).prepare('UPDATE idempotency_keys SET created_at = created_at - ?').run(age);
    expect((await post(service, 'a')).json()).toMatchObject({ id });
  });

  it('creates another ticket after the first one was deleted', async () => {
    const service = await emptied();
    await post(service, 'a');
    await service.app.inject({ method: 'DELETE', url: '/tickets/1' });
    const response = await post(service, 'a');
    expect(response.json()).toMatchObject({ id: 2 });
    expect(response.headers).not.toHaveProperty('idempotent-replayed');
  });

  it.each(['x', '"8e03978e-40d5-43dd-bc93-6894a57f9324"', `~${'!'.repeat(253)}~`])(
    'accepts the key %j',
    async (key) => {
      const service = await emptied();
      expect((await post(service, key)).statusCode).toBe(201);
      expect((await post(service, key)).headers).toHaveProperty('idempotent-replayed');
    },
  );

  it.each([
    ['', 'must not be empty'],
    ['x'.repeat(256), 'must have at most 255 characters'],
    ['ä', 'must consist of printable ASCII characters'],
    ['a\tb', 'must consist of printable ASCII characters'],
  ])('returns 422 for the key %j', async (key, msg) => {
    const service = await shared();
    const errors = [{ loc: ['header', 'idempotency-key'], msg }];
    expect((await post(service, key)).json()).toMatchObject({ status: 422, code: 'invalid_input', errors });
  });

  it('names an invalid key together with invalid fields', async () => {
    const service = await shared();
    const { errors } = (await post(service, 'ä', {})).json();
    expect(errors.map(({ loc }: { loc: string[] }) => loc)).toEqual([
      ['body', 'raw_text'],
      ['header', 'idempotency-key'],
    ]);
  });
});
