import { describe, expect, it } from 'vitest';
import { answerAfter, json, startServers } from '../testing/servers.ts';

const statusOf = async (url: string, id = 1) => (await json(fetch(`${url}/tickets/${id}`))).status;

describe('two servers on one database', () => {
  it('make one call for 200 simultaneous requests for one ticket, with equal answers', async () => {
    const { provider, servers } = await startServers(2);
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
