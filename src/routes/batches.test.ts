import { beforeAll, describe, expect, it } from 'vitest';
import { openSqliteFile } from '../testing/database.ts';
import { completed } from '../testing/provider.ts';
import { shareService, startService, withTickets } from '../testing/service.ts';

type Service = Awaited<ReturnType<typeof startService>>;

/** Without slots for background runs, what is queued stays queued. */
const IDLE = { backgroundConcurrency: 0 };

const post = ({ app }: Service, payload: object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url: '/batches', payload, headers });
const cancel = async ({ app }: Service, id = 1) =>
  (await app.inject({ method: 'DELETE', url: `/batches/${id}` })).json();
const statuses = async ({ read }: Service, ids: number[]) =>
  Promise.all(ids.map(async (id) => (await read(`/tickets/${id}`)).status));

const NEW = {
  id: 1,
  created_at: expect.stringMatching(/Z$/),
  finished_at: null,
  total: 3,
  queued: 3,
  running: 0,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  cost_usd: null,
};

describe('POST /batches', () => {
  it('returns 202 with the batch and where to find it', async () => {
    const service = await withTickets(3, IDLE);
    const response = await post(service, { ids: [1, 2, 3] });
    expect([response.statusCode, response.headers.location]).toEqual([202, '/batches/1']);
    expect(response.json()).toEqual(NEW);
    expect(await service.read('/batches/1')).toEqual(NEW);
  });

  it('processes the tickets and finishes', async () => {
    const service = await withTickets(3, {});
    await post(service, { ids: [1, 2, 3] });
    await expect
      .poll(() => service.read('/batches/1'))
      .toEqual({
        ...NEW,
        queued: 0,
        succeeded: 3,
        finished_at: expect.any(String),
        cost_usd: expect.closeTo(3 * 0.0000372),
      });
    expect(await statuses(service, [1, 2, 3])).toEqual(['done', 'done', 'done']);
    expect(service.provider.requests).toHaveLength(3);
    expect(service.logged('batch finished')).toMatchObject([{ batchId: 1 }]);
  });

  it('skips unknown tickets and those with a result', async () => {
    const service = await withTickets(3, {});
    await service.process(2);
    await post(service, { ids: [1, 2, 3, 99, 3] });
    await expect
      .poll(() => service.read('/batches/1'))
      .toMatchObject({ total: 4, succeeded: 2, skipped: 2, finished_at: expect.any(String) });
    expect(service.provider.requests).toHaveLength(3);
  });

  it('processes tickets with a result again with force', async () => {
    const service = await withTickets(2, {});
    await service.process(1);
    await post(service, { filter: {}, force: true });
    await expect.poll(() => service.read('/batches/1')).toMatchObject({ total: 2, succeeded: 2, queued: 0 });
    expect(service.provider.requests).toHaveLength(3);
  });

  it('skips tickets that are queued already', async () => {
    const service = await withTickets(3, IDLE);
    await post(service, { ids: [1, 2] });
    await expect.poll(() => statuses(service, [1, 2])).toEqual(['processing', 'processing']);
    await post(service, { filter: {} });
    await expect.poll(() => service.read('/batches/2')).toMatchObject({ total: 3, queued: 1, skipped: 2 });
  });

  const filtered = shareService();
  beforeAll(async () => {
    const { app } = await filtered();
    for (const payload of [{ raw_text: 'a' }, { raw_text: 'My invoice' }, { raw_text: 'c', source: 'email' }]) {
      await app.inject({ method: 'POST', url: '/tickets', payload });
    }
  });

  it.each([
    [{ status: 'new' }, [1, 2, 3]],
    [{ status: ['new', 'failed'] }, [1, 2, 3]],
    [{ status: ['done'] }, []],
    [{ source: 'email' }, [3]],
    [{ q: 'INVOICE' }, [2]],
    [{ created_after: '2026-01-01', created_before: '2026-01-02' }, []],
    [{ category: 'auth/login', status: 'new' }, []],
    [{}, [1, 2, 3]],
  ])('takes the tickets of the filter %j', async (filter, expected) => {
    const service = await filtered();
    openSqliteFile(service.database).exec("DELETE FROM results; UPDATE tickets SET status = 'new', category = NULL");
    const { id, total } = (await post(service, { filter })).json();
    expect(total).toBe(expected.length);
    await expect.poll(() => service.read(`/batches/${id}`)).toMatchObject({ finished_at: expect.any(String) });
    const found = await statuses(service, [1, 2, 3]);
    expect(found.flatMap((status, index) => (status === 'done' ? [index + 1] : []))).toEqual(expected);
  });

  it('counts a ticket that is tried again once, with the cost of all its runs', async () => {
    const service = await withTickets(1, { background: { maxRuns: 3, delayMs: 1 } });
    const answers = [completed('not JSON'), completed('not JSON'), completed()];
    service.provider.respond(() => answers.shift() ?? completed());
    await post(service, { ids: [1] });
    await expect
      .poll(() => service.read('/batches/1'))
      .toMatchObject({ total: 1, succeeded: 1, failed: 0, finished_at: expect.any(String) });
    expect((await service.read('/batches/1')).cost_usd).toBeCloseTo((await service.read('/usage')).total.cost_usd, 9);
  });

  it('counts failures', async () => {
    const service = await withTickets(2, {});
    service.provider.respond({ status: 400 });
    await post(service, { filter: { status: 'new' } });
    await expect
      .poll(() => service.read('/batches/1'))
      .toMatchObject({ failed: 2, cost_usd: null, finished_at: expect.any(String) });
  });

  it('counts deleted tickets as skipped', async () => {
    const service = await withTickets(2, IDLE);
    await post(service, { ids: [1, 2] });
    await expect.poll(() => statuses(service, [1, 2])).toEqual(['processing', 'processing']);
    for (const id of [1, 2]) await service.app.inject({ method: 'DELETE', url: `/tickets/${id}` });
    await expect.poll(() => service.read('/batches/1')).toMatchObject({ skipped: 2, finished_at: expect.any(String) });
  });

  it('keeps the cost of a ticket that is deleted while the batch is under way', async () => {
    const service = await withTickets(3, {});
    const { promise, resolve } = Promise.withResolvers<void>();
    service.provider.respond(async () => {
      if (service.provider.requests.length === 3) await promise;
      return completed();
    });
    await post(service, { ids: [1, 2, 3] });
    await expect.poll(() => service.read('/batches/1')).toMatchObject({ succeeded: 2 });
    const { data } = await service.read('/tickets?status=done');
    await service.app.inject({ method: 'DELETE', url: `/tickets/${data[0].id}` });
    expect(await service.read('/batches/1')).toMatchObject({
      succeeded: 1,
      finished_at: null,
      cost_usd: expect.closeTo(2 * 0.0000372, 9),
    });
    resolve();
    await expect.poll(() => service.read('/batches/1')).toMatchObject({ finished_at: expect.any(String) });
    await service.app.inject({ method: 'DELETE', url: `/tickets/${data[1].id}` });
    expect((await service.read('/batches/1')).cost_usd).toBeCloseTo(3 * 0.0000372, 9);
  });

  it('creates one batch for an Idempotency-Key', async () => {
    const service = await withTickets(2, IDLE);
    const headers = { 'idempotency-key': 'a' };
    await post(service, { ids: [1] }, headers);
    const replay = await post(service, { ids: [1] }, headers);
    expect([replay.statusCode, replay.headers['idempotent-replayed'], replay.json().id]).toEqual([202, 'true', 1]);
    expect((await post(service, { ids: [2] }, headers)).json()).toMatchObject({ code: 'idempotency_key_reused' });
    expect((await post(service, { ids: [1] }, { 'idempotency-key': 'b' })).json()).toMatchObject({ id: 2 });
  });

  const shared = shareService();
  it.each([
    [{ ids: [1], filter: {} }, ['body'], 'must have exactly one of the alternatives'],
    [{ ids: [] }, ['body', 'ids'], 'must not be empty'],
    [{ ids: ['1'] }, ['body', 'ids', '0'], 'must be an integer'],
    [{ ids: [-1] }, ['body', 'ids', '0'], 'must be at least 0'],
    [{ ids: [1e19] }, ['body', 'ids', '0'], 'must be at most 9007199254740991'],
    [{ ids: 7 }, ['body', 'ids'], 'must be a list'],
    [{ ids: Array(10_001).fill(1) }, ['body', 'ids'], 'must have at most 10000 entries'],
    [{ filter: { status: 'old' } }, ['body', 'filter', 'status', '0'], 'must be one of new, processing, done, failed'],
    [{ filter: { source: [] } }, ['body', 'filter', 'source'], 'must not be empty'],
    [{ filter: { created_after: 'x' } }, ['body', 'filter', 'created_after'], expect.stringMatching(/^must be a date/)],
    [{ filter: { state: 'new' } }, ['body', 'filter', 'state'], expect.any(String)],
    [{ ids: [1], force: 'yes' }, ['body', 'force'], 'must be a boolean'],
    [{ ids: [1], forced: true }, ['body', 'forced'], expect.any(String)],
  ])('returns 422 for %j', async (payload, loc, msg) => {
    expect((await post(await shared(), payload)).json()).toMatchObject({ status: 422, errors: [{ loc, msg }] });
  });
});

describe('POST /batches with many errors', () => {
  it('returns 422 with the first 100', async () => {
    const service = await startService();
    const { errors } = (await post(service, { ids: Array(1000).fill('') })).json();
    expect(errors).toHaveLength(100);
    expect(errors[99]).toEqual({ loc: ['body', 'ids', '99'], msg: 'must be an integer' });
  });
});

describe('POST /batches with an empty body', () => {
  it('returns 422 with what is missing', async () => {
    const service = await startService();
    expect((await post(service, {})).json()).toMatchObject({
      status: 422,
      errors: [
        { loc: ['body', 'ids'], msg: 'is missing' },
        { loc: ['body', 'filter'], msg: 'is missing' },
        { loc: ['body'], msg: 'must have exactly one of the alternatives' },
      ],
    });
  });
});

describe('GET /batches', () => {
  it('lists the batches in pages, newest first', async () => {
    const service = await withTickets(1, IDLE);
    for (let n = 0; n < 3; n += 1) await post(service, { ids: [1] });
    const page = await service.read('/batches?limit=2');
    expect(page.data).toMatchObject([{ id: 3 }, { id: 2 }]);
    const last = await service.read(`/batches?limit=2&cursor=${page.next_cursor}`);
    expect(last).toMatchObject({ data: [{ id: 1 }], next_cursor: null });
  });
});

describe('GET /batches/:id', () => {
  it('returns 404 for an unknown id', async () => {
    const { read } = await startService();
    expect(await read('/batches/1')).toMatchObject({ status: 404, code: 'batch_not_found' });
  });
});

describe('DELETE /batches/:id', () => {
  it('gives queued tickets their former status, and lets runs under way end', async () => {
    const service = await withTickets(4, { concurrency: 2, backgroundConcurrency: 1 });
    await service.process(2); // done
    service.provider.respond({ status: 400 });
    await service.process(3); // failed
    const { promise, resolve } = Promise.withResolvers<void>();
    service.provider.respond(async () => {
      await promise;
      return completed();
    });
    await post(service, { ids: [1, 2, 3, 4], force: true });
    await expect.poll(() => service.read('/batches/1')).toMatchObject({ running: 1, queued: 3 });
    await expect.poll(() => statuses(service, [4])).toEqual(['processing']);
    expect(await cancel(service)).toMatchObject({ total: 4, running: 1, queued: 0, skipped: 3, finished_at: null });
    expect(await statuses(service, [1, 2, 3, 4])).toEqual(['processing', 'done', 'failed', 'new']);
    resolve();
    await expect
      .poll(() => service.read('/batches/1'))
      .toMatchObject({ succeeded: 1, skipped: 3, finished_at: expect.any(String) });
    expect(await service.read('/tickets/4/runs/1')).toMatchObject({ status: 'abandoned', started_at: null });
  });

  it('cancels tickets that are not queued yet, and does nothing the second time', async () => {
    const service = await withTickets(3, IDLE);
    await post(service, { filter: {} });
    const cancelled = await cancel(service);
    expect(cancelled).toMatchObject({ queued: 0, skipped: 3, finished_at: expect.any(String) });
    expect(await cancel(service)).toEqual(cancelled);
    expect(await statuses(service, [1, 2, 3])).toEqual(['new', 'new', 'new']);
  });

  it('returns 404 for an unknown id', async () => {
    expect(await cancel(await startService(), 9)).toMatchObject({ code: 'batch_not_found' });
  });
});
