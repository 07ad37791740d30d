import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTestStorage } from './testing/database.ts';
import { makeClaimOptions } from './testing/fixtures.ts';
import { temporaryFolder } from './testing/folder.ts';
import { completed, OUTPUT, startProvider } from './testing/provider.ts';
import { ROOT, startServer } from './testing/server-process.ts';
import { answerAfter, json, startServers } from './testing/servers.ts';
import { startService } from './testing/service.ts';
import { connectTo } from './testing/socket.ts';

const SILENT = () => () => {};

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

/** A server with a short grace period, and another one on its database, in this process. */
async function startWithOther() {
  const { folder, provider, servers } = await startServers(1, { SHUTDOWN_GRACE_MS: '300' });
  const other = await startService({ database: `${folder}/data/app.db`, openai: { baseURL: provider.url } });
  return { provider, server: servers[0], other };
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
      const path = `${temporaryFolder()}/app.db`;
      const environment = {
        DATABASE_URL: path,
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

      expect(await openTestStorage({}, path).storage.results.findByTicketId(1)).toMatchObject(OUTPUT);
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
    const { provider, server, other } = await startWithOther();
    await server.post('/tickets', { raw_text: 'x' });
    await server.post('/tickets', { raw_text: 'processed before' });
    await server.post('/tickets/2/process');
    provider.respond(SILENT);
    const responses = [server.post('/tickets/1/process'), server.post('/tickets/2/process?force=true')];
    await expect.poll(() => provider.requests.length).toBe(3);
    server.child.kill('SIGTERM');
    for (const response of responses) expect(await json(response)).toMatchObject({ code: 'shutting_down' });
    expect(await server.exit).toBe(0);

    const tickets = [await other.read('/tickets/1'), await other.read('/tickets/2')];
    expect(tickets.map(({ status }) => status)).toEqual(['failed', 'done']);
    provider.respond(completed());
    expect((await other.process(1)).json()).toMatchObject(OUTPUT);
  });

  it('lets a process that waits for a released run claim the next one', async () => {
    const { provider, server, other } = await startWithOther();
    await server.post('/tickets', { raw_text: 'x' });
    provider.respond(SILENT);
    const released = server.post('/tickets/1/process');
    await expect.poll(() => provider.requests.length).toBe(1);
    const reclaimed = other.process(1, '?force=true');
    await sleep(200); // it waits for the run of the first server
    provider.respond(completed());
    server.child.kill('SIGTERM');
    expect(await json(released)).toMatchObject({ code: 'shutting_down' });
    expect((await reclaimed).json()).toMatchObject(OUTPUT);
    expect(provider.requests).toHaveLength(2);
  });

  it('accepts no connection and starts no run on an open one', async () => {
    const { provider, servers } = await startServers(1);
    const [{ child, exit, post, url }] = servers;
    await post('/tickets', { raw_text: 'x' });
    await post('/tickets', { raw_text: 'y' });
    provider.respond(answerAfter(1000));
    const socket = connectTo(url);
    const received = socket.toArray();
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
    const { server, other } = await startWithOther();
    await server.post('/tickets', { raw_text: 'x' });
    await other.store.runs.claimRun(1, makeClaimOptions());
    const waiting = server.post('/tickets/1/process');
    await sleep(200); // it waits for the other run
    server.child.kill('SIGTERM');
    expect(await json(waiting)).toMatchObject({ code: 'shutting_down' });
    expect(await server.exit).toBe(0);
    expect(await other.read('/tickets/1')).toMatchObject({ status: 'processing' });
  });

  it('does not wait for connections that have sent nothing, half a header or half a body', async () => {
    const [{ child, exit, url }] = (await startServers(1)).servers;
    for (const bytes of [
      '',
      'GET /health HTTP/1.1\r\nHos',
      'POST /tickets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{',
    ]) {
      const socket = connectTo(url).on('error', () => {});
      await once(socket, 'connect');
      socket.write(bytes);
    }
    await sleep(100);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });
});
