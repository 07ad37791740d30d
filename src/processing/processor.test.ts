import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../db/store.ts';
import { completed, OUTPUT } from '../testing/provider.ts';
import { startService } from '../testing/service.ts';

const all = <T>(count: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => make(i)));

async function withTickets(count: number, options: Parameters<typeof startService>[0]) {
  const service = await startService(options);
  await all(count, () => service.create());
  return service;
}

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
  const { process, provider, read } = await withTickets(4, { concurrency: 1, maxWaiting: 2 });
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
  const { process, provider } = await withTickets(2, { concurrency: 1, maxWaiting: 0 });
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

test('a full server joins a run of another process, and says that a ticket is not there', async () => {
  const { database, process, provider } = await withTickets(2, { concurrency: 1, maxWaiting: 0 });
  provider.respond(() => () => {});
  const other = openStore(database);
  onTestFinished(() => other.close());
  const taken = process(2).catch(() => 'never mind');
  await expect.poll(() => provider.requests.length).toBe(1);
  await other.runs.start(1, { force: true, claim: true });
  const joined = process(1, '?force=true');
  await sleep(100);
  const stored = await other.runs.finish(1, result(1));
  expect((await joined).json()).toEqual(stored);
  expect((await process(9)).json()).toMatchObject({ code: 'ticket_not_found' });
  expect(taken).toBeDefined();
});

test('a force that comes after a followed run is over makes its own', async () => {
  const { database, process, provider } = await withTickets(1, {});
  provider.respond(async () => {
    await sleep(200);
    return completed();
  });
  const other = openStore(database);
  onTestFinished(() => other.close());
  await other.runs.start(1, { force: true, claim: true });
  const follower = process(1);
  await sleep(60); // it has looked, and sleeps
  await other.runs.finish(1, result(1));
  const forced = await process(1, '?force=true');
  expect((await follower).json()).toMatchObject({ summary: 'of another process' });
  expect(forced.json()).toMatchObject({ summary: OUTPUT.summary });
  expect(provider.requests).toHaveLength(1);
});

test("a run that takes longer than the lease stays its process's own, because that says that it goes on", async () => {
  const { database, process, processor, provider } = await withTickets(1, { leaseMs: 300 });
  const heartbeat = setInterval(processor.beat, 60);
  onTestFinished(() => clearInterval(heartbeat));
  const other = openStore(database, { leaseMs: 300 });
  onTestFinished(() => other.close());
  provider.respond(async () => {
    await sleep(1000);
    return completed();
  });
  const response = process(1);
  for (let i = 0; i < 8; i += 1) {
    await sleep(100);
    expect(await other.runs.start(1, { force: true, claim: true })).toEqual({ state: 'running', run: 1 });
  }
  expect((await response).statusCode).toBe(200);
});

test('a run that another process took over is not tried again, and its client gets what is stored', async () => {
  const options = { leaseMs: 100, maxAttempts: 3, attemptTimeoutMs: 400 };
  const { database, process, processor, provider } = await withTickets(1, options);
  provider.respond(() => () => {});
  const other = openStore(database, { leaseMs: 100 });
  onTestFinished(() => other.close());
  const response = process(1);
  await sleep(200); // nobody says that it goes on
  expect(await other.runs.start(1, { force: true, claim: true })).toMatchObject({ state: 'started', run: 2 });
  const stored = await other.runs.finish(2, result(1));
  await processor.beat();
  expect((await response).json()).toEqual(stored);
  expect(provider.requests).toHaveLength(1);
});

test('an answer that has been paid for waits for a locked database, which refuses other writes', async () => {
  const { app, database, process, provider, read } = await withTickets(1, {});
  const other = new Database(database);
  onTestFinished(() => void other.close());
  provider.respond(() => {
    other.exec('BEGIN IMMEDIATE');
    setTimeout(() => other.exec('COMMIT'), 2500); // longer than a statement waits for a lock
    return completed();
  });
  const response = process(1);
  await expect.poll(() => provider.requests.length).toBe(1);
  const refused = await app.inject({ method: 'POST', url: '/tickets', payload: { raw_text: 'x' } });
  expect(refused.json()).toMatchObject({ status: 503, code: 'storage_unavailable' });
  expect(refused.headers['retry-after']).toBe('5');
  expect((await response).statusCode).toBe(200);
  expect(provider.requests).toHaveLength(1);
  expect(await read('/tickets/1')).toMatchObject({ status: 'done' });
});

test('a lock that outlasts the lease does not make another process take the run over', async () => {
  const { database, process, provider } = await withTickets(1, { leaseMs: 1000 });
  const other = openStore(database, { leaseMs: 1000 });
  const locker = new Database(database);
  onTestFinished(() => {
    other.close();
    locker.close();
  });
  provider.respond(async () => {
    await sleep(2500);
    return completed();
  });
  const response = process(1);
  await expect.poll(() => provider.requests.length).toBe(1);
  locker.exec('BEGIN IMMEDIATE');
  await sleep(1200); // the lease has run out
  const taken = other.runs.start(1, { force: true, claim: true });
  await sleep(200);
  locker.exec('COMMIT');
  expect(await taken).toEqual({ state: 'running', run: 1 });
  expect((await response).statusCode).toBe(200);
  expect(provider.requests).toHaveLength(1);
});

test('who waits for another process goes on waiting while the database is locked', async () => {
  const { database, process } = await withTickets(1, { leaseMs: 300 });
  const other = openStore(database, { leaseMs: 300 });
  const locker = new Database(database);
  onTestFinished(() => {
    other.close();
    locker.close();
  });
  await other.runs.start(1, { force: true, claim: true });
  const response = process(1);
  await sleep(100);
  locker.exec('BEGIN IMMEDIATE');
  await sleep(3000); // the lease has run out, and a write has been refused
  locker.exec('COMMIT');
  const stored = await other.runs.finish(1, result(1));
  expect(stored).toBeDefined();
  expect((await response).json()).toEqual(stored);
});

test('a run that was being started when the others were given up is given up too', async () => {
  const { process, processor, provider } = await withTickets(1, {});
  const response = process(1);
  await processor.stop(0);
  expect((await response).json()).toMatchObject({ code: 'shutting_down' });
  expect(provider.requests.length).toBeLessThanOrEqual(1);
});

test('runs that cannot be renewed are said to be so in the log', async () => {
  const { log, processor, store } = await withTickets(1, {});
  store.close();
  await processor.beat();
  expect(log.join()).toMatch('could not be renewed');
});

const result = (ticket_id: number) => ({
  ...{ ticket_id, summary: 'of another process', category: 'other' as const, reply_draft: 'r', model: 'm' },
  ...{ prompt_version: 'v1', openai_request_id: null, latency_ms: 1, input_tokens: null, output_tokens: null },
  ...{ total_tokens: null, cached_tokens: null },
});
