import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ServiceOptions } from '../testing/open-service.ts';
import { completed } from '../testing/provider.ts';
import { answerAfter, type Server, startServers } from '../testing/servers.ts';
import { startService } from '../testing/service.ts';
import { STORAGES, type StorageKind, type TestDatabase } from '../testing/storages.ts';

/** Creates tickets that are queued at once, if the server has `AUTO_PROCESS`. */
async function createTickets({ post }: Server, count: number): Promise<void> {
  const responses = await Promise.all(
    Array.from({ length: count }, (_, i) => post('/tickets', { raw_text: `x ${i}` })),
  );
  expect(responses.filter(({ status }) => status !== 201)).toEqual([]);
}

const counters = ({ query }: TestDatabase) => {
  const count = async (rows: string) => Number((await query(`SELECT count(*) AS count FROM ${rows}`))[0]?.count);
  return { count, countDone: () => count("tickets WHERE status = 'done'") };
};

/** Starts server processes on a database of their own, which the test reads beside them. */
async function startOn({ createDatabase }: StorageKind, count: number, environment: Record<string, string>) {
  const database = await createDatabase();
  const running = await startServers(count, { DATABASE_URL: database.url, AUTO_PROCESS: 'true', ...environment });
  return { ...running, ...counters(database) };
}

/** Executes no background runs. */
const IDLE = { backgroundConcurrency: 0 };

/** Starts a service that queues new tickets, and returns how to start further ones on its database. */
async function withQueue({ createDatabase }: StorageKind, tickets: number, options: ServiceOptions) {
  const database = await createDatabase();
  const start = (overrides: ServiceOptions = {}) =>
    startService({ database: database.url, app: { autoProcess: true }, ...options, ...overrides });
  const service = await start();
  const startOther = (overrides?: ServiceOptions) => start({ ...overrides, openai: { baseURL: service.provider.url } });
  const createAll = () => Promise.all(Array.from({ length: tickets }, (_, i) => service.create(`x ${i}`)));
  return {
    ...service,
    letTimePass: database.letTimePass,
    query: database.query,
    createAll,
    startOther,
    ...counters(database),
  };
}

const QUOTA = { status: 429, body: { error: { code: 'insufficient_quota', message: 'x' } } };
const silent = () => () => {};

describe.each(STORAGES)('over $name', (storage) => {
  describe('queued runs', () => {
    it('are executed by another server that has a free slot', async () => {
      const { createAll, logged, provider, read, startOther } = await withQueue(storage, 1, IDLE);
      await createAll();
      expect(await read('/tickets/1/runs/1')).toMatchObject({ status: 'queued' });
      const other = await startOther({ backgroundConcurrency: 1 });
      await expect.poll(() => read('/tickets/1/runs/1')).toMatchObject({ status: 'succeeded' });
      expect([logged('run').length, other.logged('run').length]).toEqual([0, 1]);
      expect(provider.requests).toHaveLength(1);
    });

    it('survive kill -9 of every server, and each ticket gets one result', async () => {
      const TICKETS = 40;
      const { count, countDone, provider, servers, start } = await startOn(storage, 2, {
        LLM_MAX_CONCURRENCY: '8',
      });
      provider.respond(answerAfter(200));
      await createTickets(servers[0], TICKETS);
      await expect.poll(() => provider.requests.length).toBeGreaterThan(10);
      for (const { child } of servers) child.kill('SIGKILL');
      await Promise.all(servers.map(({ exit }) => exit));
      const lost = await count("runs WHERE status = 'running'");
      expect(await count("tickets WHERE status <> 'done'")).toBe(
        await count("runs WHERE status IN ('queued', 'running')"),
      );
      await Promise.all([start(), start()]);
      await expect.poll(countDone).toBe(TICKETS); // the last ones when their leases have expired
      expect(await count('results')).toBe(TICKETS);
      expect(await count("runs WHERE status = 'succeeded'")).toBe(TICKETS);
      expect(await count("runs WHERE status = 'abandoned'")).toBe(lost);
      expect(provider.requests.length).toBeLessThanOrEqual(TICKETS + lost);
    }, 120_000); // on a busy machine

    it('go back to the queue when their server shuts down', async () => {
      const { count, countDone, provider, servers, start } = await startOn(storage, 1, {
        LLM_MAX_CONCURRENCY: '4',
        SHUTDOWN_GRACE_MS: '100',
      });
      provider.respond(() => () => {});
      await createTickets(servers[0], 5);
      await expect.poll(() => provider.requests.length).toBe(2);
      servers[0].child.kill('SIGTERM');
      expect(await servers[0].exit).toBe(0);
      expect(await count("runs WHERE status = 'queued'")).toBe(5);
      expect(await count("runs WHERE status = 'abandoned' AND attempts = 1")).toBe(2);
      expect(await count("tickets WHERE status = 'processing'")).toBe(5);
      provider.respond(completed());
      await start();
      await expect.poll(countDone).toBe(5);
      expect(await count('runs WHERE background_run > 1')).toBe(0);
    });

    it('are started at once by a request on any server, which waits for the result', async () => {
      const { count, createAll, process, provider, startOther } = await withQueue(storage, 1, IDLE);
      const other = await startOther();
      provider.respond(answerAfter(300));
      await createAll();
      const responses = await Promise.all([process(1), other.process(1)]);
      expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
      expect(provider.requests).toHaveLength(1);
      expect(await count('runs')).toBe(1);
    });

    it('are tried again later after a failure', async () => {
      const { count, countDone, createAll, letTimePass, provider, query } = await withQueue(storage, 1, {});
      provider.respond({ status: 500 });
      await createAll();
      await expect.poll(() => count("runs WHERE status = 'failed'")).toBe(1);
      const [next] = await query("SELECT * FROM runs WHERE status = 'queued'");
      expect([Number(next?.number), Number(next?.background_run)]).toEqual([2, 2]);
      expect(Number(next?.start_after) - Date.now()).toBeGreaterThan(15_000);
      provider.respond(completed());
      await letTimePass(60);
      await expect.poll(countDone).toBe(1);
    });
  });

  describe('requests that wait', () => {
    it('find free slots while the queue is long', async () => {
      const { createAll, process, provider } = await withQueue(storage, 20, { concurrency: 4 });
      provider.respond(silent);
      await createAll();
      await expect.poll(() => provider.requests.length).toBe(2);
      provider.respond(completed());
      const responses = await Promise.all([19, 20].map((id) => process(id)));
      expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    });
  });

  describe('the queue', () => {
    it('pauses while the provider answers 429 with Retry-After, and loses no ticket', async () => {
      const service = await withQueue(storage, 20, { concurrency: 4 });
      const { count, countDone, createAll, logged, provider, startOther } = service;
      await startOther();
      provider.respond({ status: 429, headers: { 'retry-after': '2' } });
      await createAll();
      await expect.poll(() => provider.requests.length).toBeGreaterThanOrEqual(4);
      await sleep(1000);
      expect(provider.requests.length).toBeLessThanOrEqual(4 + 2); // each server has two slots, and may have one to spare
      await sleep(2000);
      expect(provider.requests.length).toBeLessThanOrEqual(6 + 2); // a probe of each server
      expect(logged('queue paused')[0]).toMatchObject({ code: 'llm_rate_limited', pauseMs: 2000 });
      provider.respond(completed());
      await expect.poll(countDone).toBe(20);
      expect(await count('runs WHERE background_run > 1')).toBe(0);
      expect(logged('queue resumed')).not.toEqual([]);
    });

    it('pauses while the quota is used up, and resumes', async () => {
      const { app, countDone, createAll, logged, provider } = await withQueue(storage, 10, { concurrency: 4 });
      provider.respond(QUOTA);
      await createAll();
      await expect.poll(() => logged('queue paused')[0]).toMatchObject({ code: 'llm_quota_exhausted', pauseMs: 1000 });
      const metrics = async () => (await app.inject('/metrics')).body;
      await expect.poll(metrics).toMatch(/^ticket_service_queue_paused 1$.*^ticket_service_queue_depth 10$/ms);
      provider.respond(completed());
      await expect.poll(countDone).toBe(10);
    });

    it('pauses when the budget is used up, and goes on when it is raised', async () => {
      const { count, countDone, createAll, logged, provider, queue, startOther } = await withQueue(storage, 6, {
        prices: { 'gpt-4o-mini-2024-07-18': { input: 1000, output: 1000 } }, // 0.16 dollars per call
        concurrency: 2,
        dailyBudgetUsd: 0.3,
      });
      await createAll();
      await expect
        .poll(() => logged('queue paused')[0])
        .toMatchObject({ code: 'budget_exhausted', pauseMs: expect.any(Number) });
      await expect.poll(countDone).toBe(2);
      expect(await count("runs WHERE status = 'queued'")).toBe(4);
      await queue.stop();
      await startOther({ dailyBudgetUsd: 9 });
      await expect.poll(countDone).toBe(6);
      expect(provider.requests).toHaveLength(6);
    });
  });
});
