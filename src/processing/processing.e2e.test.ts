import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ServiceOptions } from '../testing/open-service.ts';
import { completed } from '../testing/provider.ts';
import { withTickets as startService } from '../testing/service.ts';
import { STORAGES } from '../testing/storages.ts';

const all = <T>(count: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => make(i)));

describe.each(STORAGES)('POST /tickets/:id/process over $name', ({ createDatabase }) => {
  const withTickets = async (count: number, options: ServiceOptions) =>
    startService(count, { database: (await createDatabase()).url, ...options });

  it('makes no more provider calls at once than allowed, and the others in turn', async () => {
    const { process, provider } = await withTickets(10, { concurrency: 3 });
    let running = 0;
    let most = 0;
    provider.respond(async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(50);
      running -= 1;
      return completed();
    });
    const responses = await all(10, (i) => process(i + 1));
    expect(responses.map(({ statusCode }) => statusCode)).toEqual(Array(10).fill(200));
    expect(most).toBe(3);
  });

  it('answers 503 overloaded when the queue is full, and leaves the ticket as it was', async () => {
    const { process, provider, read } = await withTickets(4, { concurrency: 1, maxQueueSize: 2 });
    provider.respond(async () => {
      await sleep(50);
      return completed();
    });
    const responses = await all(4, (i) => process(i + 1));
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 503]);
    expect(responses[3]?.json()).toMatchObject({ code: 'overloaded' });
    expect(responses[3]?.headers['retry-after']).toBe('5');
    expect(await read('/tickets/4')).toMatchObject({ status: 'new' });
    expect((await process(4)).statusCode).toBe(200);
  });

  it('answers stored results and joins runs when the queue is full', async () => {
    const { process, provider } = await withTickets(2, { concurrency: 1, maxQueueSize: 0 });
    await process(1);
    provider.respond(async () => {
      await sleep(100);
      return completed();
    });
    const responses = await Promise.all([process(2), process(2), process(1)]);
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  });

  it('ends a run whose time is up, in the queue too', async () => {
    const { process, provider, read } = await withTickets(2, { concurrency: 1, timeoutMs: 200 });
    provider.respond(() => () => {}); // never answers
    const responses = await all(2, (i) => process(i + 1));
    for (const response of responses) expect(response.json()).toMatchObject({ status: 504, code: 'llm_timeout' });
    expect(await read('/tickets/2')).toMatchObject({ status: 'failed' });
    provider.respond(completed());
    expect((await process(2)).statusCode).toBe(200);
  });

  it('makes no attempt after the time of the run is up', async () => {
    const { process, provider } = await withTickets(1, { maxAttempts: 10, attemptTimeoutMs: 150, timeoutMs: 400 });
    provider.respond(() => () => {});
    expect((await process(1)).json()).toMatchObject({ code: 'llm_timeout' });
    expect([2, 3]).toContain(provider.requests.length); // 3 × 150 ms fit into 400 ms, less the waits between them
  });

  it('fails for all requests that share a failed run', async () => {
    const { process, provider } = await withTickets(1, {});
    provider.respond({ status: 400 });
    const responses = await all(10, () => process(1));
    expect(provider.requests).toHaveLength(1);
    for (const response of responses) expect(response.json()).toMatchObject({ status: 502, code: 'llm_rejected' });
  });

  it('does not cancel the call when the client disconnects', async () => {
    const { app, provider, read } = await withTickets(1, {});
    provider.respond(async () => {
      await sleep(300);
      return completed();
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const signal = AbortSignal.timeout(100);
    await expect(fetch(`${url}/tickets/1/process`, { method: 'POST', signal })).rejects.toThrow();
    await expect.poll(async () => (await read('/tickets/1')).status).toBe('done');
    expect(provider.requests).toHaveLength(1);
  });

  it('logs that expired runs could not be recovered', async () => {
    const database = await createDatabase();
    const { log, processor } = await startService(1, { database: database.url });
    await database.query('ALTER TABLE runs RENAME TO missing');
    await processor.heartbeat();
    await database.query('ALTER TABLE missing RENAME TO runs');
    expect(log.join()).toMatch('expired runs could not be recovered');
  });
});
