import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openSqliteFile } from '../testing/database.ts';
import { completed, OUTPUT } from '../testing/provider.ts';
import { shareService, startService, withNewTicket, withTickets } from '../testing/service.ts';

type Service = Awaited<ReturnType<typeof startService>>;

const prefer = ({ app, id = 1 }: Service & { id?: number }, header: string, query = '') =>
  app.inject({ method: 'POST', url: `/tickets/${id}/process${query}`, headers: { prefer: header } });
/** Without slots for background runs, what is queued stays queued. */
const IDLE = { backgroundConcurrency: 0 };
const never = () => () => {};
const unavailable = { status: 500 };

const shared = shareService();
const idle = shareService(IDLE);

describe('POST /tickets/:id/process with Prefer: respond-async', () => {
  it('returns 202 with the queued run and where to find it', async () => {
    const service = await withNewTicket(idle);
    const response = await prefer(service, 'respond-async');
    expect(response.statusCode).toBe(202);
    expect(response.headers).toMatchObject({
      'preference-applied': 'respond-async',
      location: `/tickets/${service.id}/runs/1`,
      'retry-after': '1',
    });
    expect(response.json()).toMatchObject({ ticket_id: service.id, number: 1, status: 'queued', started_at: null });
    expect(await service.read(`/tickets/${service.id}/runs/1`)).toEqual(response.json());
    expect(await service.read(`/tickets/${service.id}`)).toMatchObject({ status: 'processing' });
    expect((await prefer(service, 'respond-async')).json()).toEqual(response.json());
  });

  it('executes the run', async () => {
    const service = await withNewTicket(shared);
    const { headers } = await prefer(service, 'respond-async');
    await expect.poll(() => service.read(String(headers.location))).toMatchObject({ status: 'succeeded', ...OUTPUT });
    expect(await service.read(`/tickets/${service.id}`)).toMatchObject({ status: 'done' });
    const lines = service.logged('run').filter(({ ticketId }) => ticketId === service.id);
    expect(lines).toMatchObject([{ run: 1, backgroundRun: 1, outcome: 'succeeded' }]);
    expect(service.provider.requests).toHaveLength(1);
  });

  it('returns the stored result with 200, unless it is forced', async () => {
    const service = await withTickets(1, {});
    const { body } = await service.process(1);
    const response = await prefer(service, 'respond-async');
    expect([response.statusCode, response.body]).toEqual([200, body]);
    expect(response.headers).not.toHaveProperty('preference-applied');
    expect((await prefer(service, 'respond-async', '?force=true')).json()).toMatchObject({ number: 2 });
  });

  it('returns the run that is under way', async () => {
    const service = await withTickets(1, {});
    service.provider.respond(never);
    service.process(1);
    await expect.poll(() => service.provider.requests.length).toBe(1);
    expect((await prefer(service, 'respond-async')).json()).toMatchObject({ number: 1, status: 'running' });
  });

  it('returns 404 for an unknown id', async () => {
    const service = { ...(await shared()), id: 999 };
    expect((await prefer(service, 'respond-async, wait=1')).json()).toMatchObject({ code: 'ticket_not_found' });
  });

  it.each(['', 'wait=5', 'return=minimal', 'handling=lenient'])(
    'waits for the result without it (%j)',
    async (header) => {
      const service = await withNewTicket(shared);
      const response = await prefer(service, header);
      expect([response.statusCode, response.json()]).toMatchObject([200, OUTPUT]);
      expect(response.headers).not.toHaveProperty('preference-applied');
    },
  );
});

describe('POST /tickets/:id/process with Prefer: respond-async, wait', () => {
  it('returns the result with 200 if it is there in time', async () => {
    const service = await withNewTicket(shared);
    const response = await prefer(service, 'respond-async, wait=20');
    expect([response.statusCode, response.json()]).toMatchObject([200, OUTPUT]);
  });

  it('returns 202 when the time is up', async () => {
    const service = await withTickets(1, {});
    service.provider.respond(never);
    const start = performance.now();
    const response = await prefer(service, 'respond-async, wait=1');
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
    expect([response.statusCode, response.json()]).toMatchObject([202, { number: 1, status: 'running' }]);
  });

  it('waits no longer than a run may take', async () => {
    const service = await withTickets(1, { ...IDLE, timeoutMs: 300 });
    expect((await prefer(service, 'respond-async, wait=999999999')).statusCode).toBe(202);
  });

  it('returns a failure that is final', async () => {
    const service = await withNewTicket(shared);
    service.provider.respond({ status: 400 });
    expect((await prefer(service, 'respond-async, wait=20')).json()).toMatchObject({ code: 'llm_rejected' });
    expect(await service.read(`/tickets/${service.id}`)).toMatchObject({ status: 'failed' });
  });

  it('returns 202 with the next run after a failure that is tried again', async () => {
    const service = await withTickets(1, {});
    service.provider.respond(unavailable);
    const response = await prefer(service, 'respond-async, wait=20');
    expect([response.statusCode, response.json()]).toMatchObject([202, { number: 2, status: 'queued' }]);
    expect(response.headers.location).toBe('/tickets/1/runs/2');
    expect(await service.read('/tickets/1/runs/1')).toMatchObject({ status: 'failed', error_code: 'llm_unavailable' });
  });

  it('returns 404 if the ticket is deleted meanwhile', async () => {
    const service = await withNewTicket(idle);
    const response = prefer(service, 'respond-async, wait=1');
    await sleep(100);
    await service.app.inject({ method: 'DELETE', url: `/tickets/${service.id}` });
    expect((await response).json()).toMatchObject({ code: 'ticket_not_found' });
  });
});

describe('a queued ticket', () => {
  it('is started at once by a request without respond-async, which waits for it', async () => {
    const service = await withNewTicket(idle);
    await prefer(service, 'respond-async');
    expect((await service.process(service.id)).json()).toMatchObject(OUTPUT);
    expect(await service.read(`/tickets/${service.id}/runs/1`)).toMatchObject({ status: 'succeeded' });
    expect(service.provider.requests).toHaveLength(1);
  });

  it('shares its run with requests that arrive while it is under way', async () => {
    const service = await withNewTicket(shared);
    const { promise, resolve } = Promise.withResolvers<void>();
    service.provider.respond(async () => {
      await promise;
      return completed();
    });
    await prefer(service, 'respond-async');
    await expect.poll(() => service.provider.requests.length).toBe(1);
    const responses = [service.process(service.id), service.process(service.id, '?force=true')];
    await sleep(50);
    resolve();
    for (const response of responses) expect((await response).json()).toMatchObject(OUTPUT);
    expect(service.provider.requests).toHaveLength(1);
  });

  it('is tried again after transient failures, and is failed after the last one', async () => {
    const service = await withTickets(1, { background: { maxRuns: 3, delayMs: 1 } });
    service.provider.respond(unavailable);
    await prefer(service, 'respond-async');
    await expect.poll(() => service.read('/tickets/1')).toMatchObject({ status: 'failed' });
    const { data } = await service.read('/tickets/1/runs');
    expect(data).toMatchObject([
      { number: 3, status: 'failed', error_code: 'llm_unavailable' },
      { number: 2, status: 'failed' },
      { number: 1, status: 'failed' },
    ]);
  });

  it('stays queued when the run of a request fails for a while', async () => {
    const service = await withNewTicket(idle);
    await prefer(service, 'respond-async');
    service.provider.respond(unavailable);
    expect((await service.process(service.id)).json()).toMatchObject({ code: 'llm_unavailable' });
    expect(await service.read(`/tickets/${service.id}/runs/2`)).toMatchObject({ status: 'queued' });
    expect(await service.read(`/tickets/${service.id}`)).toMatchObject({ status: 'processing' });
  });

  it('can be deleted', async () => {
    const service = await withNewTicket(idle);
    await prefer(service, 'respond-async');
    expect((await service.app.inject({ method: 'DELETE', url: `/tickets/${service.id}` })).statusCode).toBe(204);
  });
});

describe('POST /tickets with AUTO_PROCESS', () => {
  it('queues a run of the new ticket in the same transaction', async () => {
    const { create, database, read } = await startService({ ...IDLE, app: { autoProcess: true } });
    expect(await create()).toMatchObject({ status: 'processing' });
    expect(await read('/tickets/1/runs/1')).toMatchObject({ status: 'queued' });
    openSqliteFile(database).exec("CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'full'); END");
    expect(await create()).toMatchObject({ code: 'internal_error' });
    expect(await read('/tickets/2')).toMatchObject({ code: 'ticket_not_found' });
  });

  it('leads to a result', async () => {
    const { create, read } = await startService({ app: { autoProcess: true } });
    await create();
    await expect.poll(() => read('/tickets/1')).toMatchObject({ status: 'done' });
  });
});
