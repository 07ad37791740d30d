import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { openStorage } from '../storage/open.ts';
import { completed, OUTPUT } from '../testing/provider.ts';
import { withTickets } from '../testing/service.ts';

test('a full server joins a run of another process, and says that a ticket is not there', async () => {
  const { database, process, provider } = await withTickets(2, { concurrency: 1, maxQueueSize: 0 });
  provider.respond(() => () => {});
  const other = openStorage(database);
  onTestFinished(() => other.close());
  const taken = process(2).catch(() => 'never mind');
  await expect.poll(() => provider.requests.length).toBe(1);
  await other.runs.claimRun(1, { force: true, claim: true });
  const joined = process(1, '?force=true');
  await sleep(100);
  const stored = await other.runs.completeRun(1, result(1));
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
  const other = openStorage(database);
  onTestFinished(() => other.close());
  await other.runs.claimRun(1, { force: true, claim: true });
  const follower = process(1);
  await sleep(60); // it has looked, and sleeps
  await other.runs.completeRun(1, result(1));
  const forced = await process(1, '?force=true');
  expect((await follower).json()).toMatchObject({ summary: 'of another process' });
  expect(forced.json()).toMatchObject({ summary: OUTPUT.summary });
  expect(provider.requests).toHaveLength(1);
});

test("a run that takes longer than the lease stays its process's own, because that says that it goes on", async () => {
  const { database, process, processor, provider } = await withTickets(1, { leaseMs: 500 });
  const heartbeat = setInterval(processor.heartbeat, 60);
  onTestFinished(() => clearInterval(heartbeat));
  const other = openStorage(database, { leaseMs: 500 });
  onTestFinished(() => other.close());
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof completed>>();
  provider.respond(() => promise);
  const response = process(1);
  for (let i = 0; i < 8; i += 1) {
    await sleep(100);
    expect(await other.runs.claimRun(1, { force: true, claim: true })).toEqual({ state: 'running', run: 1 });
  }
  resolve(completed());
  expect((await response).statusCode).toBe(200);
});

test('a run that another process took over is not tried again, and its client gets what is stored', async () => {
  const options = { leaseMs: 100, maxAttempts: 3, attemptTimeoutMs: 400 };
  const { database, process, processor, provider } = await withTickets(1, options);
  provider.respond(() => () => {});
  const other = openStorage(database, { leaseMs: 100 });
  onTestFinished(() => other.close());
  const response = process(1);
  await sleep(200); // nobody says that it goes on
  expect(await other.runs.claimRun(1, { force: true, claim: true })).toMatchObject({ state: 'claimed', run: 2 });
  const stored = await other.runs.completeRun(2, result(1));
  await processor.heartbeat();
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
  const other = openStorage(database, { leaseMs: 1000 });
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
  const taken = other.runs.claimRun(1, { force: true, claim: true });
  await sleep(200);
  locker.exec('COMMIT');
  expect(await taken).toEqual({ state: 'running', run: 1 });
  expect((await response).statusCode).toBe(200);
  expect(provider.requests).toHaveLength(1);
});

test('who waits for another process goes on waiting while the database is locked', async () => {
  const { database, process } = await withTickets(1, { leaseMs: 300 });
  const other = openStorage(database, { leaseMs: 300 });
  const locker = new Database(database);
  onTestFinished(() => {
    other.close();
    locker.close();
  });
  await other.runs.claimRun(1, { force: true, claim: true });
  const response = process(1);
  await sleep(100);
  locker.exec('BEGIN IMMEDIATE');
  await sleep(3000); // the lease has run out, and a write has been refused
  locker.exec('COMMIT');
  const stored = await other.runs.completeRun(1, result(1));
  expect(stored).toBeDefined();
  expect((await response).json()).toEqual(stored);
});

const result = (ticket_id: number) => ({
  ...{ ticket_id, summary: 'of another process', category: 'other' as const, reply_draft: 'r', model: 'm' },
  ...{ prompt_version: 'v1', openai_request_id: null, latency_ms: 1, input_tokens: null, output_tokens: null },
  ...{ total_tokens: null, cached_tokens: null },
});
