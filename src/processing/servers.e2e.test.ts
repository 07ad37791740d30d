import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HAS_POSTGRES } from '../testing/postgres.ts';
import { type Behaviour, completed, OUTPUT } from '../testing/provider.ts';
import { bundleWithFastClock } from '../testing/server-process.ts';
import { answerAfter, json, type Server, startServers } from '../testing/servers.ts';
import { startService } from '../testing/service.ts';
import { POSTGRES, STORAGES, type StorageKind } from '../testing/storages.ts';

const statusOf = async (url: string, id = 1) => (await json(fetch(`${url}/tickets/${id}`))).status;

describe.each(STORAGES)('servers on one database ($name)', ({ createDatabase }) => {
  it('make one call for 300 simultaneous requests for one ticket, with equal answers', async () => {
    const database = await createDatabase();
    const { provider, servers } = await startServers(3, { DATABASE_URL: database.url });
    await servers[0].post('/tickets', { raw_text: 'x' });
    provider.respond(answerAfter(1000));
    const requests = Array.from({ length: 300 }, (_, i) =>
      (servers[i % 3] as (typeof servers)[0]).post(`/tickets/1/process${i % 4 ? '' : '?force=true'}`),
    );
    const responses = await Promise.all(requests);
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    const bodies = await Promise.all(responses.map((response) => response.text()));
    expect(new Set(bodies).size).toBe(1);
    expect(provider.requests).toHaveLength(1);
    const storage = await database.open();
    expect(await storage.runs.listRuns(1, { limit: 10 })).toEqual([
      expect.objectContaining({ number: 1, status: 'succeeded', attempts: 1, input_tokens: 120 }),
    ]);
  });

  it('exceed a daily budget by no more than the calls under way, also after a restart', async () => {
    const { url: database } = await createDatabase();
    const prices = { 'gpt-4o-mini-2024-07-18': { input: 1000, output: 1000 } }; // 0.16 dollars per call
    const options = { database, prices, dailyBudgetUsd: 0.8 };
    const first = await startService({ ...options, concurrency: 2 });
    const { provider } = first;
    const second = await startService({ ...options, concurrency: 2, openai: { baseURL: provider.url } });
    provider.respond(answerAfter(50));
    const ids = Array.from({ length: 60 }, (_, index) => index + 1);
    for (const _id of ids) await first.create();
    const responses = await Promise.all(ids.map((id) => (id % 2 === 0 ? first : second).process(id)));
    const succeeded = responses.filter(({ statusCode }) => statusCode === 200);
    const refused = responses.filter(({ statusCode }) => statusCode === 503);
    expect(succeeded.length + refused.length).toBe(60);
    for (const response of refused) expect(response.json()).toMatchObject({ code: 'budget_exhausted' });
    expect(provider.requests).toHaveLength(succeeded.length);
    expect(succeeded.length).toBeGreaterThanOrEqual(5);
    expect(succeeded.length).toBeLessThanOrEqual(5 + 8); // four are under way, and four are being stored
    expect((await second.read('/usage')).total.cost_usd).toBeCloseTo(0.16 * succeeded.length, 9);

    const later = await startService(options);
    const [stored = 0, open = 0] = [200, 503].map(
      (status) => responses.findIndex(({ statusCode }) => statusCode === status) + 1,
    );
    expect((await later.process(open)).json()).toMatchObject({ code: 'budget_exhausted' });
    expect((await later.process(stored)).json()).toMatchObject(OUTPUT);
    expect(later.provider.requests).toHaveLength(0);
  });
});

/** Suspends a server, but not within a write, which would lock a SQLite file for all others. */
async function suspend(server: Server, other: Server): Promise<void> {
  for (;;) {
    server.child.kill('SIGSTOP');
    if ((await other.post('/tickets', { raw_text: 'z' })).ok) return;
    server.child.kill('SIGCONT');
  }
}

/** Kills the owner of one run and suspends the owner of another one past its lease. */
async function loseTwoOwners({ createDatabase }: StorageKind): Promise<void> {
  const database = await createDatabase();
  const { provider, servers } = await startServers(3, { DATABASE_URL: database.url });
  const [killed, suspended, other] = servers;
  for (const raw_text of ['x', 'y']) await other.post('/tickets', { raw_text });
  const late = Promise.withResolvers<Behaviour>();
  provider.respond(() => late.promise);
  killed.post('/tickets/1/process').catch(() => 'killed');
  const stale = suspended.post('/tickets/2/process');
  await expect.poll(() => provider.requests.length).toBe(2);
  killed.child.kill('SIGKILL');
  await suspend(suspended, other);

  provider.respond(completed());
  const fresh = await Promise.all([1, 2].map((id) => json(other.post(`/tickets/${id}/process`)))); // after the leases
  for (const result of fresh) expect(result).toMatchObject(OUTPUT);
  late.resolve(completed({ ...OUTPUT, summary: 'late' }));
  suspended.child.kill('SIGCONT');
  expect(await json(stale)).toEqual(fresh[1]);
  expect(await json(fetch(`${other.url}/tickets/2/result`))).toEqual(fresh[1]);
  expect(provider.requests).toHaveLength(4);
  const storage = await database.open();
  for (const id of [1, 2]) {
    expect(await storage.runs.listRuns(id, { limit: 10 })).toMatchObject([
      { number: 2, status: 'succeeded', attempts: 1 },
      { number: 1, status: 'abandoned', finished_at: expect.any(String) },
    ]);
  }
}

describe('a server on the database of a killed and a suspended one', () => {
  it('makes their runs anew after the leases, and the suspended one overwrites nothing', async () => {
    await Promise.all(STORAGES.map(loseTwoOwners)); // at the same time, because they mostly wait
  }, 120_000);
});

/** Processes a ticket, also on a machine that is so busy that the server refuses requests for a while. */
async function processUntilAccepted({ post }: Server, id: number) {
  for (;;) {
    const answer = await json(post(`/tickets/${id}/process`));
    if (answer.code !== 'overloaded') return answer;
    await sleep(100);
  }
}

describe.skipIf(!HAS_POSTGRES)('servers on PostgreSQL whose clocks differ by an hour', () => {
  it('keep their leases, share runs, and store the time of the database', async () => {
    const { url } = await POSTGRES.createDatabase();
    const { provider, servers, start } = await startServers(1, { DATABASE_URL: url });
    const all = [
      servers[0],
      ...(await Promise.all([1, -1].map((hours) => start({ command: bundleWithFastClock(hours) })))),
    ];
    for (const { post } of all) {
      const { created_at } = await json(post('/tickets', { raw_text: 'x' }));
      expect(Math.abs(Date.parse(created_at) - Date.now())).toBeLessThan(600_000);
    }
    const answer = Promise.withResolvers<Behaviour>();
    provider.respond(() => answer.promise);
    const results = all.map((server, i) => processUntilAccepted(server, i + 1));
    await expect.poll(() => provider.requests.length).toBe(3);
    const shared = all.flatMap((server) => [1, 2, 3].map((id) => processUntilAccepted(server, id)));
    await sleep(2500); // longer than the time between two heartbeats, which also recover expired runs
    for (const id of [1, 2, 3]) expect(await statusOf(all[0]?.url ?? '', id)).toBe('processing');
    answer.resolve(completed());
    const stored = await Promise.all(results);
    expect(await Promise.all(shared)).toEqual([...stored, ...stored, ...stored]);
    expect(provider.requests).toHaveLength(3);
    for (const { created_at } of stored) {
      expect(Math.abs(Date.parse(created_at) - Date.now())).toBeLessThan(600_000);
    }
  });
});
