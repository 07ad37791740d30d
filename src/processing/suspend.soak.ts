import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { completed, OUTPUT } from '../testing/provider.ts';
import { answerAfter, json, startServers } from '../testing/servers.ts';
import { STORAGES } from '../testing/storages.ts';

/** The promised recovery time after a kill. */
const RECOVERY_MS = 15_000;

describe.each(STORAGES)('processes on one database ($name)', ({ createDatabase }) => {
  it('a process that waits for a run reclaims it after its owner was killed', async () => {
    const { provider, servers } = await startServers(2, { DATABASE_URL: (await createDatabase()).url });
    const [server, other] = servers;
    await server.post('/tickets', { raw_text: 'x' });
    provider.respond(() => () => {}); // never answers
    server.post('/tickets/1/process').catch(() => 'killed');
    await expect.poll(() => provider.requests.length).toBe(1);
    const reclaimed = other.post('/tickets/1/process');
    provider.respond(completed());
    server.child.kill('SIGKILL');
    expect(await json(reclaimed)).toMatchObject(OUTPUT);
    expect(provider.requests).toHaveLength(2);
  });

  it.each([1, 2])('with %i processes, the status of a killed run is corrected without any request', async (count) => {
    const { provider, servers, start } = await startServers(count, { DATABASE_URL: (await createDatabase()).url });
    const [server, other] = servers;
    for (const raw_text of ['never processed', 'processed once']) await server.post('/tickets', { raw_text });
    const result = await json(server.post('/tickets/2/process'));
    provider.respond(() => () => {});
    for (const path of ['/tickets/1/process', '/tickets/2/process?force=1']) server.post(path).catch(() => 'killed');
    await expect.poll(() => provider.requests.length).toBe(3);
    server.child.kill('SIGKILL');
    await server.exit;

    const { post, url } = other ?? (await start());
    const statuses = async () => [1, 2].map(async (id) => (await json(fetch(`${url}/tickets/${id}`))).status);
    const currentStatuses = async () => Promise.all(await statuses());
    await expect.poll(currentStatuses, { timeout: RECOVERY_MS, interval: 200 }).toEqual(['failed', 'done']);
    expect(await json(fetch(`${url}/tickets/2/result`))).toEqual(result);
    provider.respond(completed());
    expect(await json(post('/tickets/1/process'))).toMatchObject(OUTPUT);
  });

  it('a process that was suspended past its lease overwrites nothing and answers with what is stored', async () => {
    const { provider, servers } = await startServers(2, {
      DATABASE_URL: (await createDatabase()).url,
      OPENAI_TIMEOUT_MS: '60000',
    });
    const [server, other] = servers;
    await server.post('/tickets', { raw_text: 'x' });
    const answers: (() => void)[] = [];
    provider.respond(async () => {
      const call = provider.requests.length;
      await new Promise<void>((resolve) => answers.push(resolve));
      return completed({ ...OUTPUT, summary: `call ${call}` });
    });
    const stale = server.post('/tickets/1/process');
    await expect.poll(() => answers.length).toBe(1);
    server.child.kill('SIGSTOP');
    const fresh = other.post('/tickets/1/process?force=true');
    await expect.poll(() => answers.length, { timeout: RECOVERY_MS }).toBe(2);
    answers[1]?.();
    expect(await json(fresh)).toMatchObject({ summary: 'call 2' });

    answers[0]?.();
    server.child.kill('SIGCONT');
    expect(await json(stale)).toMatchObject({ summary: 'call 2' });
    await sleep(500);
    expect(await json(fetch(`${other.url}/tickets/1/result`))).toMatchObject({ summary: 'call 2' });
    expect(await json(fetch(`${other.url}/tickets/1`))).toMatchObject({ status: 'done' });
    expect(provider.requests).toHaveLength(2);
  });

  it('a call that takes longer than the lease is made once for requests to both processes', async () => {
    const { provider, servers } = await startServers(2, { DATABASE_URL: (await createDatabase()).url });
    await servers[0].post('/tickets', { raw_text: 'x' });
    provider.respond(answerAfter(14_000));
    const answers = [servers[0].post('/tickets/1/process'), servers[1].post('/tickets/1/process?force=true')];
    const [one, other] = await Promise.all(answers.map(json));
    expect(one).toMatchObject(OUTPUT);
    expect(other).toEqual(one);
    expect(provider.requests).toHaveLength(1);
  });

  it('a process that was suspended past its own time limits makes no further call', async () => {
    const { provider, servers } = await startServers(2, {
      DATABASE_URL: (await createDatabase()).url,
      OPENAI_TIMEOUT_MS: '5000',
      PROCESS_TIMEOUT_MS: '8000',
    });
    const [server, other] = servers;
    await server.post('/tickets', { raw_text: 'x' });
    provider.respond(() => () => {});
    const stale = server.post('/tickets/1/process');
    await expect.poll(() => provider.requests.length).toBe(1);
    server.child.kill('SIGSTOP');
    provider.respond(completed());
    const fresh = await json(other.post('/tickets/1/process'));
    server.child.kill('SIGCONT');
    expect(await json(stale)).toEqual(fresh);
    expect(provider.requests).toHaveLength(2);
  });
});
