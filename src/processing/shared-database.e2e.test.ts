import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStorage } from '../storage/open.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../testing/fixtures.ts';
import { completed, OUTPUT } from '../testing/provider.ts';
import { startService, withTickets } from '../testing/service.ts';
import { STORAGES } from '../testing/storages.ts';

const REMOTE_RESULT = makeNewResult({ summary: 'of another process' });

describe.each(STORAGES)('processes that share a database ($name)', ({ createDatabase }) => {
  it('joins a remote run and answers 404 for an unknown ticket when the queue is full', async () => {
    const database = await createDatabase();
    const options = { database: database.url, concurrency: 1, maxQueueSize: 0 };
    const { process, processor, provider } = await withTickets(2, options);
    provider.respond(() => () => {});
    const other = await database.open();
    process(2); // takes the only slot
    await expect.poll(() => provider.requests.length).toBe(1);
    await other.runs.claimRun(1, makeClaimOptions({ force: true, claim: true }));
    const joined = process(1, '?force=true');
    await expect.poll(() => processor.stats().coalesced).toBe(1);
    const stored = await other.runs.completeRun(1, REMOTE_RESULT, makeRunUsage());
    expect((await joined).json()).toEqual(stored);
    expect((await process(9)).json()).toMatchObject({ code: 'ticket_not_found' });
  });

  it('makes a run of its own for a forced request after a remote run has ended', async () => {
    const database = await createDatabase();
    const { process, processor, provider } = await withTickets(1, { database: database.url });
    provider.respond(async () => {
      await sleep(200);
      return completed();
    });
    const other = await database.open();
    await other.runs.claimRun(1, makeClaimOptions({ force: true, claim: true }));
    const follower = process(1);
    await expect.poll(() => processor.stats().coalesced).toBe(1); // it waits for the remote run
    await other.runs.completeRun(1, REMOTE_RESULT, makeRunUsage());
    const forced = await process(1, '?force=true');
    expect((await follower).json()).toMatchObject({ summary: 'of another process' });
    expect(forced.json()).toMatchObject({ summary: OUTPUT.summary });
    expect(provider.requests).toHaveLength(1);
  });

  it('answers with the failure of a remote run', async () => {
    const { url: database } = await createDatabase();
    const { process, provider } = await withTickets(1, { database });
    const other = await startService({ database });
    provider.respond(async () => {
      await sleep(300);
      return { status: 429, headers: { 'retry-after': '3600', 'x-request-id': 'req_x' } };
    });
    const first = process(1);
    await expect.poll(() => provider.requests.length).toBe(1);
    for (const response of await Promise.all([first, other.process(1)])) {
      expect(response.headers['retry-after']).toBe('3600');
      expect(response.json()).toMatchObject({ code: 'llm_rate_limited', openai_request_id: 'req_x' });
    }
    expect(other.provider.requests).toHaveLength(0);
    expect(await other.read('/tickets/1')).toMatchObject({ status: 'failed' });
  });

  it('keeps a run that takes longer than the lease by renewing it', async () => {
    const database = await createDatabase();
    const { process, processor, provider } = await withTickets(1, { database: database.url, leaseMs: 500 });
    const heartbeat = setInterval(processor.heartbeat, 60);
    onTestFinished(() => clearInterval(heartbeat));
    const other = await database.open({ leaseMs: 500 });
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof completed>>();
    provider.respond(() => promise);
    const response = process(1);
    await expect.poll(() => provider.requests.length).toBe(1);
    for (let i = 0; i < 8; i += 1) {
      await sleep(100);
      expect(await other.runs.claimRun(1, makeClaimOptions({ force: true, claim: true }))).toEqual({
        state: 'running',
        run: 1,
      });
    }
    resolve(completed());
    expect((await response).statusCode).toBe(200);
  });

  it('stops a run whose lease was lost, and answers with what the new owner stored', async () => {
    const database = await createDatabase();
    const { process, processor, provider } = await withTickets(1, {
      database: database.url,
      leaseMs: 100,
      maxAttempts: 3,
    });
    provider.respond(() => () => {});
    const other = await database.open({ leaseMs: 100 });
    const response = process(1);
    await expect.poll(() => provider.requests.length).toBe(1);
    // No heartbeat: the lease expires.
    const claim = () => other.runs.claimRun(1, makeClaimOptions({ force: true, claim: true }));
    await expect.poll(claim).toMatchObject({ state: 'claimed', run: 2 });
    const stored = await other.runs.completeRun(2, REMOTE_RESULT, makeRunUsage());
    await processor.heartbeat();
    expect((await response).json()).toEqual(stored);
    expect(provider.requests).toHaveLength(1);
  });
});

describe('processes that share a SQLite file', () => {
  it('keeps a paid answer while the database is locked, and answers other writes with 503', async () => {
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

  it('does not reclaim a run whose owner may have been blocked by a lock', async () => {
    const leaseMs = 2000;
    const { database, process, provider } = await withTickets(1, { leaseMs });
    const other = await openStorage(database, { leaseMs });
    const locker = new Database(database);
    onTestFinished(() => {
      other.close();
      locker.close();
    });
    provider.respond(async () => {
      await sleep(2 * leaseMs);
      return completed();
    });
    const response = process(1);
    await expect.poll(() => provider.requests.length).toBe(1);
    locker.exec('BEGIN IMMEDIATE');
    await sleep(1.1 * leaseMs); // the lease has expired
    const taken = other.runs.claimRun(1, makeClaimOptions({ force: true, claim: true }));
    await sleep(200);
    locker.exec('COMMIT');
    expect(await taken).toEqual({ state: 'running', run: 1 });
    expect((await response).statusCode).toBe(200);
    expect(provider.requests).toHaveLength(1);
  });

  it('keeps waiting for a remote run while the database is locked', async () => {
    const leaseMs = 1000;
    const { database, process, processor } = await withTickets(1, { leaseMs });
    const other = await openStorage(database, { leaseMs });
    const locker = new Database(database);
    onTestFinished(() => {
      other.close();
      locker.close();
    });
    await other.runs.claimRun(1, makeClaimOptions({ force: true, claim: true }));
    const response = process(1);
    await expect.poll(() => processor.stats().coalesced).toBe(1);
    locker.exec('BEGIN IMMEDIATE');
    await sleep(3500); // the lease has expired, and a write has been refused
    locker.prepare('UPDATE runs SET lease_expires_at = ?').run(Date.now() + 1.5 * leaseMs); // as its owner would
    locker.exec('COMMIT');
    const stored = await other.runs.completeRun(1, REMOTE_RESULT, makeRunUsage());
    expect(stored).toBeDefined();
    expect((await response).json()).toEqual(stored);
  });
});
