import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { completed } from '../testing/provider.ts';
import { answerAfter, json, type Server, startServers } from '../testing/servers.ts';
import { STORAGES, type StorageKind } from '../testing/storages.ts';

/** Executes no background runs. */
const IDLE = { BACKGROUND_CONCURRENCY: '0' };

const enqueue = ({ url }: Server, id: number) =>
  fetch(`${url}/tickets/${id}/process`, { method: 'POST', headers: { prefer: 'respond-async' } });

/** Creates tickets that are queued at once, if the server has `AUTO_PROCESS`. */
async function createTickets({ post }: Server, count: number): Promise<void> {
  const responses = await Promise.all(
    Array.from({ length: count }, (_, i) => post('/tickets', { raw_text: `x ${i}` })),
  );
  expect(responses.filter(({ status }) => status !== 201)).toEqual([]);
}

/** Starts servers on a database of their own, which the test reads beside them. */
async function startOn({ createDatabase }: StorageKind, count: number, environment: Record<string, string>) {
  const database = await createDatabase();
  const running = await startServers(count, { DATABASE_URL: database.url, ...environment });
  const countRows = async (rows: string) => {
    const [row] = await database.query(`SELECT count(*) AS count FROM ${rows}`);
    return Number(row?.count);
  };
  return { ...running, database, count: countRows, countDone: () => countRows("tickets WHERE status = 'done'") };
}

const QUOTA = { status: 429, body: { error: { code: 'insufficient_quota', message: 'x' } } };

describe.each(STORAGES)('over $name', (storage) => {
  describe('queued runs', () => {
    it('are executed by another server that has a free slot', async () => {
      const { provider, servers, start } = await startOn(storage, 1, IDLE);
      await servers[0].post('/tickets', { raw_text: 'x' });
      const response = await enqueue(servers[0], 1);
      expect(response.status).toBe(202);
      const location = `${servers[0].url}${response.headers.get('location')}`;
      expect(await json(fetch(location))).toMatchObject({ status: 'queued' });
      await start({ environment: { BACKGROUND_CONCURRENCY: '1' } });
      await expect.poll(() => json(fetch(location))).toMatchObject({ status: 'succeeded' });
      expect(provider.requests).toHaveLength(1);
    });

    it('survive kill -9 of every server, and each ticket gets one result', async () => {
      const TICKETS = 40;
      const { count, countDone, provider, servers, start } = await startOn(storage, 2, {
        AUTO_PROCESS: 'true',
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
        AUTO_PROCESS: 'true',
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
      const { count, provider, servers } = await startOn(storage, 2, { ...IDLE, AUTO_PROCESS: 'true' });
      provider.respond(answerAfter(300));
      await createTickets(servers[0], 1);
      const responses = await Promise.all(servers.map(({ post }) => post('/tickets/1/process')));
      expect(responses.map(({ status }) => status)).toEqual([200, 200]);
      expect(provider.requests).toHaveLength(1);
      expect(await count('runs')).toBe(1);
    });

    it('are tried again later after a failure', async () => {
      const { count, countDone, database, provider, servers } = await startOn(storage, 1, {
        AUTO_PROCESS: 'true',
        OPENAI_MAX_ATTEMPTS: '1',
      });
      provider.respond({ status: 500 });
      await createTickets(servers[0], 1);
      await expect.poll(() => count("runs WHERE status = 'failed'")).toBe(1);
      const [next] = await database.query("SELECT * FROM runs WHERE status = 'queued'");
      expect([Number(next?.number), Number(next?.background_run)]).toEqual([2, 2]);
      expect(Number(next?.start_after) - Date.now()).toBeGreaterThan(15_000);
      provider.respond(completed());
      await database.letTimePass(60);
      await expect.poll(countDone).toBe(1);
    });
  });

  describe('requests that wait', () => {
    it('find free slots while the queue is long', async () => {
      const { provider, servers } = await startOn(storage, 1, { AUTO_PROCESS: 'true', LLM_MAX_CONCURRENCY: '4' });
      provider.respond(() => () => {});
      await createTickets(servers[0], 20);
      await expect.poll(() => provider.requests.length).toBe(2);
      provider.respond(completed());
      const responses = await Promise.all([19, 20].map((id) => servers[0].post(`/tickets/${id}/process`)));
      expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    });
  });

  describe('the queue', () => {
    it('pauses while the provider answers 429 with Retry-After, and loses no ticket', async () => {
      const { count, countDone, provider, servers } = await startOn(storage, 2, {
        AUTO_PROCESS: 'true',
        OPENAI_MAX_ATTEMPTS: '1',
        LLM_MAX_CONCURRENCY: '4',
      });
      provider.respond({ status: 429, headers: { 'retry-after': '2' } });
      await createTickets(servers[0], 20);
      await expect.poll(() => provider.requests.length).toBeGreaterThanOrEqual(4);
      await sleep(1000);
      expect(provider.requests.length).toBeLessThanOrEqual(4 + 2); // each server has two slots, and may have one to spare
      await sleep(2000);
      expect(provider.requests.length).toBeLessThanOrEqual(6 + 2); // a probe of each server
      expect(servers[0].output.text).toMatch(/"code":"llm_rate_limited","pauseMs":2000,"msg":"queue paused"/);
      provider.respond(completed());
      await expect.poll(countDone).toBe(20);
      expect(await count('runs WHERE background_run > 1')).toBe(0);
      expect(servers[0].output.text).toMatch(/"msg":"queue resumed"/);
    });

    it('pauses while the quota is used up, and resumes', async () => {
      const { countDone, provider, servers } = await startOn(storage, 1, {
        AUTO_PROCESS: 'true',
        LLM_MAX_CONCURRENCY: '4',
      });
      provider.respond(QUOTA);
      await createTickets(servers[0], 10);
      await expect.poll(() => servers[0].output.text).toMatch(/"code":"llm_quota_exhausted","pauseMs":1000/);
      const metrics = async () => (await fetch(`${servers[0].url}/metrics`)).text();
      await expect.poll(metrics).toMatch(/^ticket_service_queue_paused 1$.*^ticket_service_queue_depth 10$/ms);
      provider.respond(completed());
      await expect.poll(countDone).toBe(10);
    });

    it('pauses when the budget is used up, and goes on when it is raised', async () => {
      const { count, countDone, provider, servers, start } = await startOn(storage, 1, {
        AUTO_PROCESS: 'true',
        LLM_PRICES: JSON.stringify({ 'gpt-4o-mini-2024-07-18': { input: 1000, output: 1000 } }), // 0.16 dollars per call
        LLM_MAX_CONCURRENCY: '2',
        DAILY_BUDGET_USD: '0.3',
      });
      await createTickets(servers[0], 6);
      await expect.poll(() => servers[0].output.text).toMatch(/"code":"budget_exhausted","pauseMs":\d+/);
      expect(await countDone()).toBe(2);
      expect(await count("runs WHERE status = 'queued'")).toBe(4);
      servers[0].child.kill('SIGTERM');
      await servers[0].exit;
      await start({ environment: { DAILY_BUDGET_USD: '9' } });
      await expect.poll(countDone).toBe(6);
      expect(provider.requests).toHaveLength(6);
    });
  });
});
