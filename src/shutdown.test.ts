import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from './testing/folder.ts';
import { completed, OUTPUT, startProvider } from './testing/provider.ts';
import { ROOT, startServer } from './testing/server-process.ts';
import { answerAfter, json, startServers } from './testing/servers.ts';

const SILENT = () => () => {};
const statusOf = async (url: string, id = 1) => (await json(fetch(`${url}/tickets/${id}`))).status;

/** A server with one ticket, whose run is under way. */
async function startWithRun(behaviour: Parameters<Awaited<ReturnType<typeof startProvider>>['respond']>[0]) {
  const { provider, servers } = await startServers(1);
  const [server] = servers;
  await server.post('/tickets', { raw_text: 'x' });
  provider.respond(behaviour);
  const response = server.post('/tickets/1/process');
  await expect.poll(() => provider.requests.length).toBe(1);
  return { ...server, provider, response };
}

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s lets an active run finish and exits with 0', async (signal) => {
    const { child, exit, response } = await startWithRun(answerAfter(500));
    child.kill(signal);
    expect((await response).status).toBe(200);
    expect(await exit).toBe(0);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s to the process group of npm start, which reaches the server twice, lets an active run finish',
    async (signal) => {
      const provider = await startProvider();
      onTestFinished(provider.close);
      provider.respond(answerAfter(700));
      const environment = {
        DATABASE_URL: `${temporaryFolder()}/app.db`,
        OPENAI_API_KEY: 'sk-x',
        OPENAI_BASE_URL: provider.url,
      };
      const { child, exit, post, output } = await startServer(environment, ROOT, {
        command: ['npm', 'start', '--ignore-scripts'], // the tests' global setup has built the bundle
        detached: true,
      });
      await post('/tickets', { raw_text: 'x' });
      const response = post('/tickets/1/process');
      await expect.poll(() => provider.requests.length).toBe(1);
      process.kill(-(child.pid as number), signal);
      expect(await json(response)).toMatchObject(OUTPUT);
      expect(await exit).toBe(0);
      expect(output.text.match(/"shutting down"/g)).toHaveLength(1);

      const { url } = await startServer(environment, ROOT);
      expect(await json(fetch(`${url}/tickets/1/result`))).toMatchObject(OUTPUT);
    },
  );

  it('a second one within a second counts as the same', async () => {
    const { child, exit, response } = await startWithRun(answerAfter(500));
    child.kill('SIGINT');
    await sleep(100);
    child.kill('SIGINT');
    expect((await response).status).toBe(200);
    expect(await exit).toBe(0);
  });

  it('a second one after more than a second ends the process at once', async () => {
    const { child, exit, response } = await startWithRun(SILENT);
    const outcome = response.catch(() => 'connection lost');
    child.kill('SIGTERM');
    await sleep(1200);
    child.kill('SIGINT');
    expect(await exit).toBe(1);
    expect(await outcome).toBe('connection lost');
  });
});

describe('graceful shutdown', () => {
  it('releases runs after the grace period: 503, a true status, and free for other processes', async () => {
    const { provider, servers } = await startServers(2, { SHUTDOWN_GRACE_MS: '300' });
    const [server, other] = servers;
    await server.post('/tickets', { raw_text: 'x' });
    await server.post('/tickets', { raw_text: 'processed before' });
    await server.post('/tickets/2/process');
    provider.respond(SILENT);
    const responses = [server.post('/tickets/1/process'), server.post('/tickets/2/process?force=true')];
    await expect.poll(() => provider.requests.length).toBe(3);
    server.child.kill('SIGTERM');
    for (const response of responses) expect(await json(response)).toMatchObject({ code: 'shutting_down' });
    expect(await server.exit).toBe(0);

    expect([await statusOf(other.url, 1), await statusOf(other.url, 2)]).toEqual(['failed', 'done']);
    provider.respond(completed());
    expect(await json(other.post('/tickets/1/process'))).toMatchObject(OUTPUT);
  });

  it('lets a process that waits for a released run claim the next one', async () => {
    const { provider, servers } = await startServers(2, { SHUTDOWN_GRACE_MS: '300' });
    const [server, other] = servers;
    await server.post('/tickets', { raw_text: 'x' });
    provider.respond(SILENT);
    const released = server.post('/tickets/1/process');
    await expect.poll(() => provider.requests.length).toBe(1);
    const reclaimed = other.post('/tickets/1/process?force=true');
    await sleep(200); // it waits for the run of the first server
    provider.respond(completed());
    server.child.kill('SIGTERM');
    expect(await json(released)).toMatchObject({ code: 'shutting_down' });
    expect(await json(reclaimed)).toMatchObject(OUTPUT);
    expect(provider.requests).toHaveLength(2);
  });

  it('accepts no connection and starts no run on an open one', async () => {
    const { provider, servers } = await startServers(1);
    const [{ child, exit, post, url }] = servers;
    await post('/tickets', { raw_text: 'x' });
    await post('/tickets', { raw_text: 'y' });
    provider.respond(answerAfter(1000));
    const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(url).port) });
    const received = socket.setEncoding('utf8').toArray();
    socket.write('POST /tickets/1/process HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await expect.poll(() => provider.requests.length).toBe(1);
    child.kill('SIGTERM');
    await expect.poll(() => fetch(`${url}/health`).catch(() => 'refused')).toBe('refused');
    socket.write('POST /tickets/2/process HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [first, second] = (await received).join('').split(/(?=HTTP\/1.1 )/);
    expect(first).toMatch(/^HTTP\/1.1 200 OK/);
    expect(second).toMatch(/^HTTP\/1.1 503 Service Unavailable.*"code":"shutting_down"/s);
    expect(await exit).toBe(0);
    expect(provider.requests).toHaveLength(1);
  });

  it('does not wait for a remote run beyond the grace period', async () => {
    const { provider, servers } = await startServers(2, { SHUTDOWN_GRACE_MS: '300' });
    const [server, other] = servers;
    await server.post('/tickets', { raw_text: 'x' });
    provider.respond(SILENT);
    server.post('/tickets/1/process').catch(() => 'ends with the test');
    await expect.poll(() => provider.requests.length).toBe(1);
    const waiting = other.post('/tickets/1/process');
    await sleep(200); // it waits for the run of the first server
    other.child.kill('SIGTERM');
    expect(await json(waiting)).toMatchObject({ code: 'shutting_down' });
    expect(await other.exit).toBe(0);
    expect(await statusOf(server.url)).toBe('processing');
  });

  it.each([
    ['nothing', ''],
    ['half a header', 'GET /health HTTP/1.1\r\nHos'],
    ['half a body', 'POST /tickets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{'],
  ])('does not wait for a connection that has sent %s', async (_name, bytes) => {
    const [{ child, exit, url }] = (await startServers(1)).servers;
    const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(url).port) }).on('error', () => {});
    await once(socket, 'connect');
    socket.write(bytes);
    await sleep(100);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });
});
