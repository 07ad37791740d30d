import { createConnection } from 'node:net';
import { expect, test } from 'vitest';
import { completed, OUTPUT } from '../testing/provider.ts';
import { after, json, startServers } from '../testing/servers.ts';

const statusOf = async (url: string, id = 1) => (await json(fetch(`${url}/tickets/${id}`))).status;

test('200 requests to two processes for one ticket make one call and get the same bytes', async () => {
  const { provider, servers } = await startServers(2);
  await servers[0].post('/tickets', { raw_text: 'x' });
  provider.respond(after(1000));
  const requests = Array.from({ length: 200 }, (_, i) =>
    (servers[i % 2] as (typeof servers)[0]).post(`/tickets/1/process${i % 3 ? '' : '?force=true'}`),
  );
  const responses = await Promise.all(requests);
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  const bodies = await Promise.all(responses.map((response) => response.text()));
  expect(new Set(bodies).size).toBe(1);
  expect(provider.requests).toHaveLength(1);
});

test('what a run fails with is told to those who wait in another process', async () => {
  const { provider, servers } = await startServers(2);
  await servers[0].post('/tickets', { raw_text: 'x' });
  const limited = { status: 429, headers: { 'retry-after': '3600', 'x-request-id': 'req_x' } };
  provider.respond(async () => {
    await after(500)();
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

test('what is under way after the grace period is given up: told so, its status true, free for others at once', async () => {
  const { provider, servers } = await startServers(2, { SHUTDOWN_GRACE_MS: '300' });
  const [server, other] = servers;
  await server.post('/tickets', { raw_text: 'x' });
  await server.post('/tickets', { raw_text: 'processed once' });
  await server.post('/tickets/2/process');
  provider.respond(() => () => {}); // says nothing
  const answers = [server.post('/tickets/1/process'), server.post('/tickets/2/process?force=true')];
  await expect.poll(() => provider.requests.length).toBe(3);
  const start = performance.now();
  server.child.kill('SIGTERM');
  for (const answer of answers) expect(await json(answer)).toMatchObject({ status: 503, code: 'shutting_down' });
  expect(await server.exit).toBe(0);
  expect(performance.now() - start).toBeLessThan(2500);

  expect([await statusOf(other.url, 1), await statusOf(other.url, 2)]).toEqual(['failed', 'done']);
  provider.respond(completed());
  expect(await json(other.post('/tickets/1/process'))).toMatchObject(OUTPUT);
});

test('those who wait in another process for a run that is given up take it over', async () => {
  const { provider, servers } = await startServers(2, { SHUTDOWN_GRACE_MS: '300' });
  const [server, other] = servers;
  await server.post('/tickets', { raw_text: 'x' });
  provider.respond(() => () => {});
  const given = server.post('/tickets/1/process');
  await expect.poll(() => provider.requests.length).toBe(1);
  const taken = other.post('/tickets/1/process?force=true');
  await after(200)(); // it is on its way
  provider.respond(completed());
  server.child.kill('SIGTERM');
  expect(await json(given)).toMatchObject({ code: 'shutting_down' });
  expect(await json(taken)).toMatchObject(OUTPUT);
  expect(provider.requests).toHaveLength(2);
});

test('while the server shuts down, no connection is accepted and an open one starts no run', async () => {
  const { provider, servers } = await startServers(1);
  const [{ child, exit, post, url }] = servers;
  await post('/tickets', { raw_text: 'x' });
  await post('/tickets', { raw_text: 'y' });
  provider.respond(after(1000));
  const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(url).port) });
  const answer = socket.setEncoding('utf8').toArray();
  socket.write('POST /tickets/1/process HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await expect.poll(() => provider.requests.length).toBe(1);
  child.kill('SIGTERM');
  await expect.poll(() => fetch(`${url}/health`).catch(() => 'refused')).toBe('refused');
  socket.write('POST /tickets/2/process HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [first, second] = (await answer).join('').split(/(?=HTTP\/1.1 )/);
  expect(first).toMatch(/^HTTP\/1.1 200 OK/);
  expect(second).toMatch(/^HTTP\/1.1 503 Service Unavailable.*"code":"shutting_down"/s);
  expect(await exit).toBe(0);
  expect(provider.requests).toHaveLength(1);
});

test('a server that waits for a run in another process does not wait beyond its grace period', async () => {
  const { provider, servers } = await startServers(2, { SHUTDOWN_GRACE_MS: '300' });
  const [server, other] = servers;
  await server.post('/tickets', { raw_text: 'x' });
  provider.respond(() => () => {});
  server.post('/tickets/1/process').catch(() => 'over with the test');
  await expect.poll(() => provider.requests.length).toBe(1);
  const follower = other.post('/tickets/1/process');
  await after(200)(); // it is on its way
  other.child.kill('SIGTERM');
  expect(await json(follower)).toMatchObject({ code: 'shutting_down' });
  expect(await other.exit).toBe(0);
  expect(await statusOf(server.url)).toBe('processing');
});

test('a second signal ends the process at once', async () => {
  const { provider, servers } = await startServers(1);
  const [{ child, exit, post }] = servers;
  await post('/tickets', { raw_text: 'x' });
  provider.respond(() => () => {});
  const answer = post('/tickets/1/process').catch(() => 'gone');
  await expect.poll(() => provider.requests.length).toBe(1);
  child.kill('SIGTERM');
  await after(200)();
  child.kill('SIGINT');
  expect(await exit).toBe(1);
  expect(await answer).toBe('gone');
});
