import { describe, expect, it } from 'vitest';
import { openSqliteFile } from '../testing/database.ts';
import { completed } from '../testing/provider.ts';
import { shareService, startService, withNewTicket, withTickets } from '../testing/service.ts';

const TABLES = ['tickets', 'results', 'runs', 'idempotency_keys'];

/** Number of rows of each table that has data of tickets. */
function countRows(database: string): number[] {
  const sqlite = openSqliteFile(database);
  return TABLES.map((table) => sqlite.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number);
}

const shared = shareService();

describe('DELETE /tickets/:id', () => {
  it('returns 204 without a body and deletes everything of the ticket, and nothing else', async () => {
    const { app, create, database, process } = await startService();
    const payload = { raw_text: 'My invoice is wrong.' };
    await app.inject({ method: 'POST', url: '/tickets', headers: { 'idempotency-key': 'a' }, payload });
    await create();
    for (const id of [1, 2]) await process(id);
    await process(1, '?force=true');
    expect(countRows(database)).toEqual([2, 2, 3, 1]);
    const response = await app.inject({ method: 'DELETE', url: '/tickets/1' });
    expect([response.statusCode, response.body, response.headers['content-type']]).toEqual([204, '', undefined]);
    expect(countRows(database)).toEqual([1, 1, 1, 0]);
  });

  it('makes every route of the ticket return 404', async () => {
    const { id, app, process } = await withNewTicket(shared);
    await process(id);
    await app.inject({ method: 'DELETE', url: `/tickets/${id}` });
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/result'],
      ['GET', '/runs'],
      ['GET', '/runs/1'],
      ['POST', '/process'],
      ['DELETE', ''],
    ] as const) {
      const response = await app.inject({ method, url: `/tickets/${id}${path}` });
      expect(response.json(), `${method} ${path}`).toMatchObject({ status: 404, code: 'ticket_not_found' });
    }
  });

  it('does not give the id to another ticket', async () => {
    const { id, app, create } = await withNewTicket(shared);
    await app.inject({ method: 'DELETE', url: `/tickets/${id}` });
    expect(await create()).toMatchObject({ id: id + 1 });
  });

  it('discards the answer of a run in progress, whose requests get 404', async () => {
    const { app, database, process, provider } = await withTickets(1, {});
    let deleted: unknown;
    provider.respond(async () => {
      deleted = (await app.inject({ method: 'DELETE', url: '/tickets/1' })).statusCode;
      return completed();
    });
    const all = await Promise.all([process(1), process(1)]);
    expect(deleted).toBe(204);
    for (const response of all) expect(response.json()).toMatchObject({ status: 404, code: 'ticket_not_found' });
    expect(countRows(database)).toEqual([0, 0, 0, 0]);
    expect(provider.requests).toHaveLength(1);
  });

  it('deletes once for simultaneous requests', async () => {
    const { id, app } = await withNewTicket(shared);
    const all = await Promise.all([1, 2, 3].map(() => app.inject({ method: 'DELETE', url: `/tickets/${id}` })));
    expect(all.map(({ statusCode }) => statusCode).sort()).toEqual([204, 404, 404]);
  });

  it.each([
    ['application/json', ''],
    ['application/json', '{'],
    ['application/json', '{"force":true}'],
    ['text/plain', 'x'],
  ])('ignores a body (%s %j)', async (type, payload) => {
    const { id, app } = await withNewTicket(shared);
    const headers = { 'content-type': type };
    expect((await app.inject({ method: 'DELETE', url: `/tickets/${id}`, headers, payload })).statusCode).toBe(204);
  });

  it('refuses pages of other sites', async () => {
    const { id, app, read } = await withNewTicket(shared);
    const headers = { origin: 'http://other.test' };
    expect((await app.inject({ method: 'DELETE', url: `/tickets/${id}`, headers })).statusCode).toBe(403);
    expect(await read(`/tickets/${id}`)).toMatchObject({ id });
  });

  it.each([
    ['/tickets/x', ['path', 'id']],
    ['/tickets/1?force=true', ['query', 'force']],
  ])('returns 422 for %s', async (url, loc) => {
    const { app } = await shared();
    expect((await app.inject({ method: 'DELETE', url })).json()).toMatchObject({ status: 422, errors: [{ loc }] });
  });
});
