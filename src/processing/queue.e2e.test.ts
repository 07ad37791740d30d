import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openSqliteFile } from '../testing/database.ts';
import { completed } from '../testing/provider.ts';
import { answerAfter, json, type Server, startServers } from '../testing/servers.ts';

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

/** Reads the database beside the servers. */
function openDatabase(folder: string) {
  const sqlite = openSqliteFile(`${folder}/data/app.db`);
  const count = (rows: string) => sqlite.prepare(`SELECT count(*) FROM ${rows}`).pluck().get();
  return { sqlite, count, countDone: () => count("tickets WHERE status = 'done'") };
}

const QUOTA = { status: 429, body: { error: { code: 'insufficient_quota', message: 'x' } } };

describe('queued runs', () => {
  it('are executed by another server that has a free slot', async () => {
    const { provider, servers, start } = await startServers(1, IDLE);
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
    const { folder, provider, servers, start } = await startServers(2, {
      AUTO_PROCESS: 'true',
      LLM_MAX_CONCURRENCY: '8',
    });
    provider.respond(answerAfter(200));
    await createTickets(servers[0], TICKETS);
    await expect.poll(() => provider.requests.length).toBeGreaterThan(10);
    for (const { child } of servers) child.kill('SIGKILL');
    await Promise.all(servers.map(({ exit }) => exit));
    const { count, countDone } = openDatabase(folder);
    const lost = Number(count("runs WHERE status = 'running'"));
    expect(count("tickets WHERE status <> 'done'")).toBe(count("runs WHERE status IN ('queued', 'running')"));
    await Promise.all([start(), start()]);
    await expect.poll(countDone).toBe(TICKETS); // the last ones when their leases have expired
    expect(count('results')).toBe(TICKETS);
    expect(count("runs WHERE status = 'succeeded'")).toBe(TICKETS);
    expect(count("runs WHERE status = 'abandoned'")).toBe(lost);
    expect(provider.requests.length).toBeLessThanOrEqual(TICKETS + lost);
  });

  it('go back to the queue when their server shuts down', async () => {
    const { folder, provider, servers, start } = await startServers(1, {
      AUTO_PROCESS: 'true',
      LLM_MAX_CONCURRENCY: '4',
      SHUTDOWN_GRACE_MS: '100',
    });
    provider.respond(() => () => {});
    await createTickets(servers[0], 5);
    await expect.poll(() => provider.requests.length).toBe(2);
    servers[0].child.kill('SIGTERM');
    expect(await servers[0].exit).toBe(0);
    const { count, countDone } = openDatabase(folder);
    expect(count("runs WHERE status = 'queued'")).toBe(5);
    expect(count("runs WHERE status = 'abandoned' AND attempts = 1")).toBe(2);
    expect(count("tickets WHERE status = 'processing'")).toBe(5);
    provider.respond(completed());
    await start();
    await expect.poll(countDone).toBe(5);
    expect(count('runs WHERE background_run > 1')).toBe(0);
  });

  it('are started at once by a request on any server, which waits for the result', async () => {
    const { folder, provider, servers } = await startServers(2, { ...IDLE, AUTO_PROCESS: 'true' });
    provider.respond(answerAfter(300));
    await createTickets(servers[0], 1);
    const responses = await Promise.all(servers.map(({ post }) => post('/tickets/1/process')));
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    expect(provider.requests).toHaveLength(1);
    expect(openDatabase(folder).count('runs')).toBe(1);
  });

  it('are tried again later after a failure', async () => {
    const { folder, provider, servers } = await startServers(1, { AUTO_PROCESS: 'true', OPENAI_MAX_ATTEMPTS: '1' });
    provider.respond({ status: 500 });
    await createTickets(servers[0], 1);
    const { sqlite, count, countDone } = openDatabase(folder);
    await expect.poll(() => count("runs WHERE status = 'failed'")).toBe(1);
    const next = sqlite.prepare("SELECT * FROM runs WHERE status = 'queued'").get() as Record<string, number>;
    expect(next).toMatchObject({ number: 2, background_run: 2 });
    expect(Number(next.start_after) - Date.now()).toBeGreaterThan(15_000);
    provider.respond(completed());
    sqlite.exec('UPDATE runs SET start_after = 0 WHERE number = 2');
    await expect.poll(countDone).toBe(1);
  });
});

describe('requests that wait', () => {
  it('find free slots while the queue is long', async () => {
    const { provider, servers } = await startServers(1, { AUTO_PROCESS: 'true', LLM_MAX_CONCURRENCY: '4' });
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
    const { folder, provider, servers } = await startServers(2, {
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
    const { count, countDone } = openDatabase(folder);
    await expect.poll(countDone).toBe(20);
    expect(count('runs WHERE background_run > 1')).toBe(0);
    expect(servers[0].output.text).toMatch(/"msg":"queue resumed"/);
  });

  it('pauses while the quota is used up, and resumes', async () => {
    const { folder, provider, servers } = await startServers(1, { AUTO_PROCESS: 'true', LLM_MAX_CONCURRENCY: '4' });
    provider.respond(QUOTA);
    await createTickets(servers[0], 10);
    await expect.poll(() => servers[0].output.text).toMatch(/"code":"llm_quota_exhausted","pauseMs":1000/);
    const metrics = async () => (await fetch(`${servers[0].url}/metrics`)).text();
    await expect.poll(metrics).toMatch(/^ticket_service_queue_paused 1$.*^ticket_service_queue_depth 10$/ms);
    provider.respond(completed());
    await expect.poll(openDatabase(folder).countDone).toBe(10);
  });

  it('pauses when the budget is used up, and goes on when it is raised', async () => {
    const { folder, provider, servers, start } = await startServers(1, {
      AUTO_PROCESS: 'true',
      LLM_PRICES: JSON.stringify({ 'gpt-4o-mini-2024-07-18': { input: 1000, output: 1000 } }), // 0.16 dollars per call
      LLM_MAX_CONCURRENCY: '2',
      DAILY_BUDGET_USD: '0.3',
    });
    await createTickets(servers[0], 6);
    await expect.poll(() => servers[0].output.text).toMatch(/"code":"budget_exhausted","pauseMs":\d+/);
    const { count, countDone } = openDatabase(folder);
    expect(countDone()).toBe(2);
    expect(count("runs WHERE status = 'queued'")).toBe(4);
    servers[0].child.kill('SIGTERM');
    await servers[0].exit;
    await start({ environment: { DAILY_BUDGET_USD: '9' } });
    await expect.poll(countDone).toBe(6);
    expect(provider.requests).toHaveLength(6);
  });
});
