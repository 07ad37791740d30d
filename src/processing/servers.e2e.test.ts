import { describe, expect, it, onTestFinished } from 'vitest';
import { openStorage } from '../storage/open.ts';
import { completed } from '../testing/provider.ts';
import { answerAfter, json, startServers } from '../testing/servers.ts';

const statusOf = async (url: string, id = 1) => (await json(fetch(`${url}/tickets/${id}`))).status;

describe('two servers on one database', () => {
  it('make one call for 200 simultaneous requests for one ticket, with equal answers', async () => {
    const { folder, provider, servers } = await startServers(2);
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
    const storage = openStorage(`${folder}/data/app.db`);
    onTestFinished(storage.close);
    expect(await storage.runs.listRuns(1, { limit: 10 })).toEqual([
      expect.objectContaining({ number: 1, status: 'succeeded', attempts: 1, input_tokens: 120 }),
    ]);
  });

  it('mark the run of a killed server as abandoned and claim the next one', async () => {
    const { folder, provider, servers } = await startServers(2);
    await servers[0].post('/tickets', { raw_text: 'x' });
    provider.respond(() => () => {});
    servers[0].post('/tickets/1/process').catch(() => {}); // the kill closes its connection
    await expect.poll(() => provider.requests.length).toBe(1);
    servers[0].child.kill('SIGKILL');
    provider.respond(completed());
    const response = await servers[1].post('/tickets/1/process'); // waits until the lease has expired
    expect(response.status).toBe(200);
    const storage = openStorage(`${folder}/data/app.db`);
    onTestFinished(storage.close);
    const runs = await storage.runs.listRuns(1, { limit: 10 });
    expect(runs).toEqual([
      expect.objectContaining({ number: 2, status: 'succeeded', attempts: 1 }),
      expect.objectContaining({ number: 1, status: 'abandoned', attempts: 0, finished_at: expect.any(String) }),
    ]);
  });

  it('together exceed a daily budget by no more than the calls under way', async () => {
    const { provider, servers } = await startServers(2, {
      LLM_PRICES: JSON.stringify({ 'gpt-4o-mini-2024-07-18': { input: 1000, output: 1000 } }), // 0.16 dollars per call
      DAILY_BUDGET_USD: '0.8',
      LLM_MAX_CONCURRENCY: '2',
    });
    provider.respond(answerAfter(50));
    const ids = Array.from({ length: 60 }, (_, index) => index + 1);
    for (const id of ids) expect((await servers[0].post('/tickets', { raw_text: `${id}` })).status).toBe(201);
    const responses = await Promise.all(ids.map((id) => servers[id % 2 === 0 ? 0 : 1].post(`/tickets/${id}/process`)));
    const succeeded = responses.filter(({ status }) => status === 200);
    const refused = responses.filter(({ status }) => status === 503);
    expect(succeeded.length + refused.length).toBe(60);
    for (const response of refused) expect(await json(response)).toMatchObject({ code: 'budget_exhausted' });
    expect(provider.requests).toHaveLength(succeeded.length);
    expect(succeeded.length).toBeGreaterThanOrEqual(5);
    expect(succeeded.length).toBeLessThanOrEqual(5 + 8); // four are under way, and four are being stored
    const { total } = await json(fetch(`${servers[1].url}/usage`));
    expect(total.cost_usd).toBeCloseTo(0.16 * succeeded.length, 9);
  });

  it('answer with the same failure to requests that wait in another process', async () => {
    const { provider, servers } = await startServers(2);
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
