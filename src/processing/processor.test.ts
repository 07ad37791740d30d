import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { completed } from '../testing/provider.ts';
import { withTickets } from '../testing/service.ts';

const all = <T>(count: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => make(i)));

test('no more than so many calls run at once, and the others get their turn', async () => {
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

test('who finds no place in the line is told to come back, and the ticket is as it was', async () => {
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

test('a full server still answers with what is stored, and those who join a run need no place', async () => {
  const { process, provider } = await withTickets(2, { concurrency: 1, maxQueueSize: 0 });
  await process(1);
  provider.respond(async () => {
    await sleep(100);
    return completed();
  });
  const responses = await Promise.all([process(2), process(2), process(1)]);
  expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
});

test('a run whose time is up is over, in the line too', async () => {
  const { process, provider, read } = await withTickets(2, { concurrency: 1, timeoutMs: 200 });
  provider.respond(() => () => {}); // says nothing
  const start = performance.now();
  const responses = await all(2, (i) => process(i + 1));
  expect(performance.now() - start).toBeLessThan(1000);
  for (const response of responses) expect(response.json()).toMatchObject({ status: 504, code: 'llm_timeout' });
  expect(await read('/tickets/2')).toMatchObject({ status: 'failed' });
  provider.respond(completed());
  expect((await process(2)).statusCode).toBe(200);
});

test('attempts end with the time of the run', async () => {
  const { process, provider } = await withTickets(1, { maxAttempts: 10, attemptTimeoutMs: 150, timeoutMs: 400 });
  provider.respond(() => () => {});
  expect((await process(1)).json()).toMatchObject({ code: 'llm_timeout' });
  expect(provider.requests.length).toBeLessThanOrEqual(3);
});

test('a failed run fails for all who wait for it, with the same words', async () => {
  const { process, provider } = await withTickets(1, {});
  provider.respond({ status: 400 });
  const responses = await all(10, () => process(1));
  expect(provider.requests).toHaveLength(1);
  for (const response of responses) expect(response.json()).toMatchObject({ status: 502, code: 'llm_rejected' });
});

test('a client that hangs up does not cancel the call', async () => {
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

test('a run that was being started when the others were given up is given up too', async () => {
  const { process, processor, provider } = await withTickets(1, {});
  const response = process(1);
  await processor.drain(0);
  expect((await response).json()).toMatchObject({ code: 'shutting_down' });
  expect(provider.requests.length).toBeLessThanOrEqual(1);
});

test('runs that cannot be renewed are said to be so in the log', async () => {
  const { log, processor, store } = await withTickets(1, {});
  store.close();
  await processor.heartbeat();
  expect(log.join()).toMatch('could not be renewed');
});
