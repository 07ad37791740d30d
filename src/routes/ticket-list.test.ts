import { beforeAll, describe, expect, it } from 'vitest';
import { TicketListEntry } from '../schemas/ticket-list.ts';
import { afterAllTests, type CleanUp } from '../testing/clean-up.ts';
import { openSqliteFile } from '../testing/database.ts';
import { completed, OUTPUT } from '../testing/provider.ts';
import { shareService, startService, withTickets } from '../testing/service.ts';

type Service = Awaited<ReturnType<typeof startService>>;

const idsIn = ({ data }: { data: TicketListEntry[] }) => data.map(({ id }) => id);
const ids = async ({ read }: Service, query = '') => idsIn(await read(`/tickets?${query}`));

/** Creates tickets with these texts. */
async function withTexts(...texts: string[]) {
  const service = await startService();
  for (const text of texts) await service.create(text);
  return service;
}

/** Creates four tickets, on the 17th, 18th, 19th and 20th: new, failed, done (billing), done (bug). */
async function createStatuses({ create, provider, process, database }: Service, cleanUp: CleanUp) {
  for (let id = 1; id <= 4; id += 1) await create();
  provider.respond({ status: 400 });
  await process(2);
  provider.respond(completed({ ...OUTPUT, category: 'billing' }));
  await process(3);
  provider.respond(completed({ ...OUTPUT, category: 'bug' }));
  await process(4);
  openSqliteFile(database, cleanUp).exec(`
    UPDATE tickets SET created_at = '2026-02-' || (16 + id) || ' 12:00:00', source = iif(id % 2, 'email', 'phone')`);
}

/** The ids of all pages, by `next_cursor`. */
async function readPages({ read }: Service, query: string): Promise<number[][]> {
  const pages: number[][] = [];
  for (let cursor = ''; ; ) {
    const page = await read(`/tickets?${query}${cursor}`);
    pages.push(idsIn(page));
    if (page.next_cursor === null) return pages;
    cursor = `&cursor=${page.next_cursor}`;
  }
}

describe('GET /tickets', () => {
  it('returns the tickets, newest first, with every field', async () => {
    const service = await withTickets(2, {});
    await service.process(1);
    const { data, next_cursor } = await service.read('/tickets');
    const created_at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const common = { created_at, source: 'web', excerpt: 'I cannot login to my account. Please help.' };
    expect(data).toEqual([
      { id: 2, ...common, status: 'new', category: null, summary: null },
      { id: 1, ...common, status: 'done', category: OUTPUT.category, summary: OUTPUT.summary },
    ]);
    for (const entry of data) expect(Object.keys(entry)).toEqual(Object.keys(TicketListEntry.properties));
    expect(next_cursor).toBeNull();
  });

  it('returns an empty list without tickets', async () => {
    const { read } = await startService();
    expect(await read('/tickets')).toEqual({ data: [], next_cursor: null });
  });

  it('has the first 200 code points of the text as the excerpt', async () => {
    const { read } = await withTexts(`${'😀'.repeat(199)}請求書`);
    expect((await read('/tickets')).data[0].excerpt).toBe(`${'😀'.repeat(199)}請`);
  });

  const shared = shareService();
  const cleanUp = afterAllTests();
  beforeAll(async () => createStatuses(await shared(), cleanUp));

  it.each([
    ['', [4, 3, 2, 1]],
    ['order=newest', [4, 3, 2, 1]],
    ['order=oldest', [1, 2, 3, 4]],
    ['status=new', [1]],
    ['status=done', [4, 3]],
    ['status=new&status=failed', [2, 1]],
    ['status=new&status=new', [1]],
    ['status=new&status=processing&status=done&status=failed&order=oldest', [1, 2, 3, 4]],
    ['category=billing', [3]],
    ['category=billing&category=bug', [4, 3]],
    ['category=other', []],
    ['source=email', [3, 1]],
    ['source=email&source=phone&source=fax', [4, 3, 2, 1]],
    ['source=EMAIL', []],
    ['source=', []],
    ['status=done&source=phone', [4]],
    ['status=done&source=phone&category=bug', [4]],
    ['status=done&source=phone&category=billing', []],
    ['category=bug&source=email&source=phone', [4]],
    ['created_after=2026-02-18', [4, 3, 2]],
    ['created_after=2026-02-18T12:00:00Z', [4, 3, 2]],
    ['created_after=2026-02-18T12:00:00.001Z', [4, 3]],
    ['created_before=2026-02-18T12:00:00Z', [1]],
    ['created_before=2026-02-18T12:00:00.001Z', [2, 1]],
    ['created_after=2026-02-18T14:00:00%2B02:00&created_before=2026-02-18T14:00:01%2B02:00', [2]],
    ['created_after=2026-02-18&created_before=2026-02-20', [3, 2]],
    ['created_after=2026-02-20&created_before=2026-02-18', []],
    ['created_after=9999-12-31T23:59:59.5Z', []],
    ['created_before=9999-12-31T23:59:59.5Z', [4, 3, 2, 1]],
    ['created_after=2026-02-18&status=done&source=email&order=oldest', [3]],
    ['q=cannot', [4, 3, 2, 1]],
    ['q=cannot&status=done&created_after=2026-02-20', [4]],
    ['q=cannot&source=email&order=oldest', [1, 3]],
  ])('returns the tickets that match ?%s', async (query, expected) => {
    const service = await shared();
    expect(await ids(service, query)).toEqual(expected);
    expect((await readPages(service, `${query}&limit=1`)).flat()).toEqual(expected);
  });

  it.each([1, 2, 3, 4, 5, 100])('returns each ticket once in pages of %i, by next_cursor', async (limit) => {
    const pages = await readPages(await shared(), `limit=${limit}`);
    expect(pages.flat()).toEqual([4, 3, 2, 1]);
    expect(pages).toHaveLength(Math.ceil(4 / limit));
  });

  it('returns 25 tickets by default', async () => {
    expect(await ids(await withTickets(26, {}))).toHaveLength(25);
  });

  it('links the next page with all parameters', async () => {
    const { app } = await withTexts('a & b', 'a & b', 'a', 'a & b');
    const pages: number[][] = [];
    for (let url: string | undefined = '/tickets?status=new&status=done&q=a+%26+b&limit=2'; url; ) {
      const response: { headers: Record<string, unknown>; json(): { data: TicketListEntry[] } } = await app.inject(url);
      pages.push(idsIn(response.json()));
      url = /^<(\/tickets\?[^>]+)>; rel="next"$/.exec(String(response.headers.link))?.[1];
    }
    expect(pages).toEqual([[4, 2], [1]]);
  });

  it.each(['newest', 'oldest'])('keeps the position while tickets are added and deleted (%s)', async (order) => {
    const service = await withTickets(4, {});
    const { read, create, app } = service;
    const first = await read(`/tickets?limit=2&order=${order}`);
    await app.inject({ method: 'DELETE', url: `/tickets/${first.data[1].id}` });
    await create();
    const rest = await ids(service, `limit=100&order=${order}&cursor=${first.next_cursor}`);
    expect(rest).toEqual(order === 'newest' ? [2, 1] : [3, 4, 5]);
  });

  it('orders tickets of the same second by id', async () => {
    const service = await withTickets(5, {});
    openSqliteFile(service.database).exec("UPDATE tickets SET created_at = '2026-02-17 12:00:00'");
    expect((await readPages(service, 'limit=2')).flat()).toEqual([5, 4, 3, 2, 1]);
    expect((await readPages(service, 'limit=2&order=oldest')).flat()).toEqual([1, 2, 3, 4, 5]);
  });

  it('accepts a cursor with another limit', async () => {
    const service = await shared();
    const { next_cursor } = await service.read('/tickets?limit=1&source=email&source=phone');
    expect(await ids(service, `source=email&source=phone&cursor=${next_cursor}`)).toEqual([3, 2, 1]);
  });

  it.each(['', 'status=new', 'status=new&status=done', 'status=done&order=oldest', 'status=done&q=x'])(
    'returns 422 for a cursor of ?status=done with ?%s',
    async (query) => {
      const { read } = await shared();
      const { next_cursor } = await read('/tickets?limit=1&status=done');
      const errors = [{ loc: ['query', 'cursor'], msg: 'is not a next_cursor of this path and these parameters' }];
      expect(await read(`/tickets?${query}&cursor=${next_cursor}`)).toMatchObject({ status: 422, errors });
    },
  );

  it.each([null, 3, { id: 1 }, { id: '1', created_at: '2026-02-17T12:00:00Z' }, { id: 1, created_at: 'x' }])(
    'returns 422 for a cursor with the position %j',
    async (after) => {
      const { read } = await shared();
      const { next_cursor } = await read('/tickets?limit=1');
      const content = JSON.parse(Buffer.from(next_cursor, 'base64url').toString());
      const cursor = Buffer.from(JSON.stringify({ ...content, after })).toString('base64url');
      expect(await read(`/tickets?cursor=${cursor}`)).toMatchObject({
        status: 422,
        errors: [{ loc: ['query', 'cursor'] }],
      });
    },
  );

  const DATE = 'must be a date such as 2026-02-17 or a time such as 2026-02-17T16:35:05Z';
  it.each([
    ['status=open', ['status', '0'], 'must be one of new, processing, done, failed'],
    ['status=new&status=', ['status', '1'], 'must be one of new, processing, done, failed'],
    ['category=Bug', ['category', '0'], 'must be one of auth/login, billing, bug, feature_request, account, other'],
    [`source=${'x'.repeat(51)}`, ['source', '0'], 'must have at most 50 characters'],
    [Array(11).fill('source=x').join('&'), ['source'], 'may occur at most 10 times'],
    ['created_after=yesterday', ['created_after'], DATE],
    ['created_after=2026-02-30', ['created_after'], DATE],
    ['created_before=2026-02-17T24:00:00Z', ['created_before'], DATE],
    ['created_before=2026-02-17T12:00:00', ['created_before'], DATE],
    ['created_before=9999-12-31T23:59:59-01:00', ['created_before'], DATE],
    ['created_before=', ['created_before'], DATE],
    ['q=', ['q'], 'must not be empty'],
    [`q=${'x'.repeat(101)}`, ['q'], 'must have at most 100 characters'],
    ['q=a%00b', ['q'], 'must not contain U+0000 or half of a surrogate pair'],
    ['q=a&q=b', ['q'], 'must be given only once'],
    ['order=id', ['order'], 'must be one of newest, oldest'],
    ['limit=0', ['limit'], 'must be at least 1'],
    ['limit=101', ['limit'], 'must be at most 100'],
    ['page=2', ['page'], 'is not a parameter of this route'],
  ])('returns 422 for ?%s', async (query, path, msg) => {
    const { read } = await shared();
    const errors = [{ loc: ['query', ...path], msg }];
    expect(await read(`/tickets?${query}`)).toMatchObject({ status: 422, code: 'invalid_input', errors });
  });
});

describe('GET /tickets?q=', () => {
  const shared = shareService();
  it.each([
    ['Größe', ['GRÖSSE', 'größe', 'Die Größenangabe'], ['Grose']],
    ['請求', ['請求書の金額が違います'], ['領収書']],
    ['請', ['請求書'], ['求']],
    ['привет', ['ПРИВЕТ!'], ['пока']],
    ['οδος', ['ΟΔΟΣΗΜΑ', 'οδός οδος'], ['οδός']],
    ['تسجيل', ['لا أستطيع تسجيل الدخول'], ['فاتورة']],
    ['😀', ['a😀b'], ['😁']],
    ['100%', ['100% sure'], ['1000 %', '100']],
    ['a_b', ['A_B'], ['axb']],
    ['\\', ['a\\b'], ['ab']],
    ["'", ["don't"], ['dont']],
    ['a  b', ['a  b'], ['a b']],
    ['line\nbreak', ['Line\nBreak'], ['line break']],
  ])('finds %j in any case, and nothing else', async (q, matching, others) => {
    const service = await shared();
    const created: number[] = [];
    for (const raw_text of [...matching, ...others]) {
      const payload = { raw_text, source: q };
      created.push((await service.app.inject({ method: 'POST', url: '/tickets', payload })).json().id);
    }
    for (const word of [q, q.toUpperCase(), q.toLowerCase()]) {
      const query = new URLSearchParams({ order: 'oldest', source: q, q: word });
      expect(await ids(service, `${query}`), word).toEqual(created.slice(0, matching.length));
    }
  });

  it('finds a part of the stored summary, and no more once that is overwritten', async () => {
    const service = await withTickets(2, {});
    const { provider, process } = service;
    provider.respond(completed({ ...OUTPUT, summary: 'Der Kunde ist ÄRGERLICH.' }));
    await process(1);
    expect(await ids(service, 'q=ärgerlich')).toEqual([1]);
    provider.respond(completed({ ...OUTPUT, summary: 'Calm.' }));
    await process(1, '?force=true');
    expect(await ids(service, 'q=ärgerlich')).toEqual([]);
    expect(await ids(service, 'q=calm')).toEqual([1]);
  });

  it('does not find a deleted ticket', async () => {
    const service = await withTexts('needle');
    expect(await ids(service, 'q=needle')).toEqual([1]);
    await service.app.inject({ method: 'DELETE', url: '/tickets/1' });
    expect(await ids(service, 'q=needle')).toEqual([]);
  });

  it('finds a ticket that was created with an Idempotency-Key', async () => {
    const service = await startService();
    const headers = { 'idempotency-key': 'a' };
    await service.app.inject({ method: 'POST', url: '/tickets', headers, payload: { raw_text: 'needle' } });
    expect(await ids(service, 'q=needle')).toEqual([1]);
  });
});
