import { describe, expect, it } from 'vitest';
import { completed } from '../testing/provider.ts';
import { answerAfter, json, startServers } from '../testing/servers.ts';
import { STORAGES } from '../testing/storages.ts';

const statusOf = async (url: string, id = 1) => (await json(fetch(`${url}/tickets/${id}`))).status;

describe.each(STORAGES)('two servers on one database ($name)', ({ createDatabase }) => {
  it('make one call for 200 simultaneous requests for one ticket, with equal answers', async () => {
    const database = await createDatabase();
    const { provider, servers } = await startServers(2, { DATABASE_URL: database.url });
    await servers[0].post('/tickets', { raw_text: 'x' });
    provider.respond(answerAfter(1000));
    const requests = Array.from({ length: 200 }, (_, i) =>
      (servers[i % 2] as (typeof servers)[0]).post(`/tickets/1/process${i % 3 ? '' : '?force=true'}`),
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

  it('mark the run of a killed server as abandoned and claim the next one', async () => {
    const database = await createDatabase();
    const { provider, servers } = await startServers(2, { DATABASE_URL: database.url });
    await servers[0].post('/tickets', { raw_text: 'x' });
    provider.respond(() => () => {});
    servers[0].post('/tickets/1/process').catch(() => {}); // the kill closes its connection
    await expect.poll(() => provider.requests.length).toBe(1);
    servers[0].child.kill('SIGKILL');
    provider.respond(completed());
    const response = await servers[1].post('/tickets/1/process'); // waits until the lease has expired
    expect(response.status).toBe(200);
    const storage = await database.open();
    const runs = await storage.runs.listRuns(1, { limit: 10 });
    expect(runs).toEqual([
      expect.objectContaining({ number: 2, status: 'succeeded', attempts: 1 }),
      expect.objectContaining({ number: 1, status: 'abandoned', attempts: 0, finished_at: expect.any(String) }),
    ]);
  });

  it('answer with the same failure to requests that wait in another process', async () => {
    const { provider, servers } = await startServers(2, { DATABASE_URL: (await createDatabase()).url });
    await servers[0].post('/tickets', { raw_text: 'x' });
    const limited = { status: 429, headers: { 'retry-after': '3600', 'x-request-id': 'req_x' } };
    provider.respond(async () => {
      await answerAfter(500)();
      return limited;
    });
    const responses = await Promise.all(servers.map(({ post }) => post('/tickets/1/process')));
    expect(provider.requests).toHaveLength(1);
    for (const response of responses) {
      expect(response.headers.get('retry-after')).toBe('3600');
      expect(await response.json()).toMatchObject({ code: 'llm_rate_limited', openai_request_id: 'req_x' });
    }
    expect(await statusOf(servers[1].url)).toBe('failed');
  });
});
