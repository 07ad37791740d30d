import { beforeAll, describe, expect, it } from 'vitest';
import { Run } from '../schemas/run.ts';
import { afterAllTests, type CleanUp } from '../testing/clean-up.ts';
import { openSqliteFile } from '../testing/database.ts';
import { completed, OUTPUT } from '../testing/provider.ts';
import { shareService, startService, withNewTicket, withTickets } from '../testing/service.ts';

type Service = Awaited<ReturnType<typeof startService>>;

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

/** Creates the tickets 1 and 2 with so many runs each. */
async function createRuns({ create, database }: Service, count: number, cleanUp?: CleanUp) {
  for (let id = 1; id <= 2; id += 1) await create();
  const insert = openSqliteFile(database, cleanUp).prepare(
    "INSERT INTO runs (ticket_id, number, status) VALUES (?, ?, 'succeeded')",
  );
  for (let number = 1; number <= count; number += 1) for (const id of [1, 2]) insert.run(id, number);
}

async function withRuns(count: number) {
  const service = await startService();
  await createRuns(service, count);
  return service;
}

const shared = shareService();

const numbersIn = ({ data }: { data: Run[] }) => data.map(({ number }) => number);
const cursorError = [{ loc: ['query', 'cursor'], msg: 'is not a next_cursor of this path and these parameters' }];

describe('GET /tickets/:id/runs', () => {
  const withFiveRuns = shareService();
  const cleanUp = afterAllTests();
  beforeAll(async () => createRuns(await withFiveRuns(), 5, cleanUp));

  it('returns the runs of the ticket, newest first, with every field', async () => {
    const { process, provider, read } = await withTickets(2, {});
    await process(2);
    provider.respond({ status: 429 });
    await process(1);
    provider.respond(completed());
    await process(1);
    const { data, next_cursor } = await read('/tickets/1/runs');
    expect(next_cursor).toBeNull();
    expect(data).toEqual([
      {
        id: 3,
        ticket_id: 1,
        number: 2,
        status: 'succeeded',
        created_at: TIME,
        started_at: TIME,
        finished_at: TIME,
        error_code: null,
        prompt_version: 'v1',
        provider: 'openai',
        model: 'gpt-4o-mini-2024-07-18',
        openai_request_id: 'req_3',
        latency_ms: expect.any(Number),
        attempts: 1,
        input_tokens: 120,
        output_tokens: 40,
        total_tokens: 160,
        cached_tokens: 64,
        cost_usd: expect.closeTo(0.0000372, 10), // 56 input tokens at $0.15, 64 at $0.075, 40 output tokens at $0.60
        ...OUTPUT,
      },
      {
        id: 2,
        ticket_id: 1,
        number: 1,
        status: 'failed',
        created_at: TIME,
        started_at: TIME,
        finished_at: TIME,
        error_code: 'llm_rate_limited',
        prompt_version: 'v1',
        provider: 'openai',
        model: 'gpt-test',
        openai_request_id: 'req_2',
        latency_ms: null,
        attempts: 1,
        input_tokens: null,
        output_tokens: null,
        total_tokens: null,
        cached_tokens: null,
        cost_usd: null,
        summary: null,
        category: null,
        reply_draft: null,
      },
    ]);
    for (const run of data) expect(Object.keys(run)).toEqual(Object.keys(Run.properties));
  });

  it('shows a run in progress', async () => {
    const { id, process, provider, read } = await withNewTicket(shared);
    let during: unknown;
    provider.respond(async () => {
      during = await read(`/tickets/${id}/runs`);
      return completed();
    });
    await process(id);
    const run = { number: 1, status: 'running', finished_at: null, attempts: 0, category: null };
    expect(during).toMatchObject({ data: [run], next_cursor: null });
  });

  it('returns an empty list for a ticket that was never processed', async () => {
    const { id, read } = await withNewTicket(shared);
    expect(await read(`/tickets/${id}/runs`)).toEqual({ data: [], next_cursor: null });
  });

  it('returns 25 runs by default', async () => {
    const { read } = await withRuns(26);
    expect(numbersIn(await read('/tickets/1/runs'))).toEqual(Array.from({ length: 25 }, (_, i) => 26 - i));
  });

  it.each([1, 2, 3, 4, 5, 6, 100])('returns each run once in pages of %i, by next_cursor', async (limit) => {
    const { read } = await withFiveRuns();
    const pages: number[][] = [];
    for (let cursor = ''; ; ) {
      const page = await read(`/tickets/1/runs?limit=${limit}${cursor}`);
      pages.push(numbersIn(page));
      if (page.next_cursor === null) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(pages.flat()).toEqual([5, 4, 3, 2, 1]);
    expect(pages).toHaveLength(Math.ceil(5 / limit));
  });

  it.each(['/tickets/1/runs?limit=2', '/tickets/1/runs/?limit=2', '/tickets/%31/runs?limit=2#x'])(
    'links the next page, if there is one: %s',
    async (first) => {
      const { app } = await withFiveRuns();
      const pages: number[][] = [];
      for (let url: string | undefined = first; url; ) {
        const response: { headers: Record<string, unknown>; json(): { data: Run[] } } = await app.inject(url);
        pages.push(numbersIn(response.json()));
        url = /^<(\/tickets\/[^>]+)>; rel="next"$/.exec(String(response.headers.link))?.[1];
        expect(response.headers.link === undefined).toBe(url === undefined);
      }
      expect(pages).toEqual([[5, 4], [3, 2], [1]]);
    },
  );

  it('keeps the position while new runs are added', async () => {
    const { process, read } = await withRuns(3);
    const { next_cursor } = await read('/tickets/1/runs?limit=2');
    await process(1, '?force=true');
    expect(numbersIn(await read(`/tickets/1/runs?limit=2&cursor=${next_cursor}`))).toEqual([1]);
  });

  it('accepts a cursor with another limit', async () => {
    const { read } = await withFiveRuns();
    const { next_cursor } = await read('/tickets/1/runs?limit=2');
    expect(numbersIn(await read(`/tickets/1/runs?cursor=${next_cursor}`))).toEqual([3, 2, 1]);
  });

  it('returns 422 for a cursor of another ticket', async () => {
    const { read } = await withFiveRuns();
    const { next_cursor } = await read('/tickets/2/runs?limit=2');
    const errors = cursorError;
    expect(await read(`/tickets/1/runs?cursor=${next_cursor}`)).toMatchObject({ status: 422, errors });
  });

  it('returns 422 for a cursor that was changed', async () => {
    const { read } = await withFiveRuns();
    const { next_cursor } = await read('/tickets/1/runs?limit=2');
    const content = JSON.parse(Buffer.from(next_cursor, 'base64url').toString());
    const changed = [{ v: 2 }, { list: 'x' }, { after: '4' }, { after: null }, { after: 1.5 }, { more: 1 }].map(
      (change) => Buffer.from(JSON.stringify({ ...content, ...change })).toString('base64url'),
    );
    for (const cursor of [
      ...changed,
      `${next_cursor}.`,
      next_cursor.slice(0, -3),
      'x',
      'bnVsbA',
      '%F0%9F%98%80',
      '3',
    ]) {
      expect(await read(`/tickets/1/runs?cursor=${cursor}`), cursor).toMatchObject({
        status: 422,
        errors: cursorError,
      });
    }
  });

  it.each([
    ['limit=0', 'limit', 'must be at least 1'],
    ['limit=101', 'limit', 'must be at most 100'],
    ['limit=ten', 'limit', 'must be an integer, in digits only'],
    ['limit=', 'limit', 'must be an integer, in digits only'],
    ['cursor=', 'cursor', 'must not be empty'],
    [`cursor=${'x'.repeat(501)}`, 'cursor', 'must have at most 500 characters'],
    ['page=2', 'page', 'is not a parameter of this route'],
  ])('returns 422 for ?%s', async (query, name, msg) => {
    const { read } = await withFiveRuns();
    const errors = [{ loc: ['query', name], msg }];
    expect(await read(`/tickets/1/runs?${query}`)).toMatchObject({ status: 422, code: 'invalid_input', errors });
  });

  it('returns 404 for an unknown ticket', async () => {
    const { read } = await shared();
    expect(await read('/tickets/999/runs')).toMatchObject({ status: 404, code: 'ticket_not_found' });
  });
});

describe('GET /tickets/:id/runs/:number', () => {
  it('returns the run as the list does', async () => {
    const { id, process, read } = await withNewTicket(shared);
    await process(id);
    await process(id, '?force=true');
    const { data } = await read(`/tickets/${id}/runs`);
    expect(await read(`/tickets/${id}/runs/1`)).toEqual(data[1]);
    expect(await read(`/tickets/${id}/runs/2`)).toEqual(data[0]);
  });

  it('keeps the text of a run whose result was overwritten', async () => {
    const { id, process, provider, read } = await withNewTicket(shared);
    await process(id);
    provider.respond(completed({ ...OUTPUT, summary: 'A second summary.' }));
    await process(id, '?force=true');
    expect((await read(`/tickets/${id}/runs/1`)).summary).toBe(OUTPUT.summary);
    expect((await read(`/tickets/${id}/result`)).summary).toBe('A second summary.');
  });

  it.each(['0', '2', '9007199254740993'])('returns 404 for the number %s', async (number) => {
    const { id, process, read } = await withNewTicket(shared);
    await process(id);
    const detail = 'run not found';
    expect(await read(`/tickets/${id}/runs/${number}`)).toMatchObject({ status: 404, code: 'run_not_found', detail });
  });

  it('returns 404 for an unknown ticket', async () => {
    const { read } = await shared();
    expect(await read('/tickets/999/runs/1')).toMatchObject({ status: 404, code: 'ticket_not_found' });
  });

  it.each([
    ['/tickets/1/runs/x', ['path', 'number'], 'must be an integer, in digits only'],
    ['/tickets/1/runs/1?limit=1', ['query', 'limit'], 'is not a parameter of this route'],
  ])('returns 422 for %s', async (path, loc, msg) => {
    const { read } = await shared();
    expect(await read(path)).toMatchObject({ status: 422, errors: [{ loc, msg }] });
  });
});
