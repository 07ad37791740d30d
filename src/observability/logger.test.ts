import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../testing/folder.ts';
import { BUNDLE, spawnServer, startServer } from '../testing/server-process.ts';
import { startService } from '../testing/service.ts';
import { freePort } from '../testing/socket.ts';

const LOG = fileURLToPath(new URL('logger.ts', import.meta.url));

/** What a process prints that makes a log, does this with it, and ends as it will. */
function print(work: string, preload = ''): string {
  return spawnSync(process.execPath, ['--input-type=module', '-e', preload + program(work)], { encoding: 'utf8' })
    .stdout;
}

const program = (work: string) =>
  `const { createLog } = await import(${JSON.stringify(LOG)}); const { log } = await createLog('info'); ${work}`;

const HUNDRED = 'for (let i = 0; i < 100; i += 1) log.info({ i }, "line");';

test.each([
  ['a process that has nothing more to do', ''],
  ['process.exit', 'process.exit(0);'],
  ['an error that nobody caught', 'throw new Error("boom");'],
  ['a rejection that nobody caught', 'Promise.reject(new Error("boom"));'],
  ['a fatal line before a kill', 'log.fatal("the end"); process.kill(process.pid, "SIGKILL");'],
])('no line is lost by %s', (_name, end) => {
  expect(print(HUNDRED + end).match(/"msg":"line"/g)).toHaveLength(100);
});

test('a full disk under the log does not end the service, nor keep it from ending', async () => {
  const command = ['sh', '-c', 'exec "$0" "$@" >/dev/full', ...BUNDLE];
  const PORT = String(await freePort());
  const { child, exit, output } = spawnServer({ PORT }, temporaryFolder(), { command });
  const health = () => fetch(`http://127.0.0.1:${PORT}/health`).then(({ status }) => status, String);
  await expect.poll(health, { timeout: 20_000 }).toBe(200);
  await expect.poll(() => output.text).toMatch('the log cannot be written: ENOSPC');
  expect(await health()).toBe(200);
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
  expect(output.text.match(/cannot be written/g)).toHaveLength(1);
});

test('a reader that has come to a standstill costs lines, not memory', async () => {
  const work = `for (let i = 0; i < 200_000; i += 1) log.info('x'.repeat(1000));
    process.stderr.write(String(process.memoryUsage.rss() / 2 ** 20)); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(work)]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [mebibytes] = await once(child.stderr, 'data');
  expect(Number(mebibytes)).toBeLessThan(200);
});

test.each([
  ['is gone', (child: ChildProcess) => child.stdout?.destroy()],
  ['stands still', (child: ChildProcess) => child.stdout?.pause()],
])('a server whose log reader %s ends all the same', async (_name, leave) => {
  const PORT = String(await freePort());
  const { child, exit } = spawnServer({ PORT }, temporaryFolder());
  const health = () => fetch(`http://127.0.0.1:${PORT}/health`).then(({ status }) => status, String);
  await expect.poll(health, { timeout: 20_000 }).toBe(200);
  leave(child);
  const headers = { 'x-request-id': 'x'.repeat(128) };
  for (let i = 0; i < 20; i += 1) {
    await Promise.all(Array.from({ length: 50 }, () => fetch(`http://127.0.0.1:${PORT}/health`, { headers })));
  }
  child.kill('SIGTERM');
  child.on('exit', () => child.stdout?.destroy()); // or else what is in the pipe would be waited for
  expect(await exit).toBe(0);
});

test('on a terminal, lines are for people', () => {
  const request = `log.info({ reqId: 'a1', method: 'GET', route: '/tickets/:id', status: 200, ms: 3 }, 'request');`;
  const line = print(request, 'process.stdout.isTTY = true;');
  expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\].*INFO.*request GET \/tickets\/:id 200 3 ms.*a1/);
});

test('a request is one line: method, route, status, ms, and the id that is in its problem document', async () => {
  const { app, create, log } = await startService();
  await create();
  await app.inject('/tickets/1');
  await app.inject('/tickets/9');
  await app.inject('/nowhere/canary');
  const lines = log.map((line) => JSON.parse(line));
  const request = { level: 30, msg: 'request', reqId: expect.any(String), ms: expect.any(Number) };
  expect(lines).toMatchObject([
    { ...request, method: 'POST', route: '/tickets', status: 201 },
    { ...request, method: 'GET', route: '/tickets/:id', status: 200 },
    { ...request, method: 'GET', route: '/tickets/:id', status: 404 },
    { ...request, method: 'GET', status: 404 },
  ]);
  expect(new Set(lines.map(({ reqId }) => reqId)).size).toBe(4);
  expect(log.join()).not.toMatch('canary');
});

test('the lines of all requests are there when the server has ended', async () => {
  const { child, exit, output, url } = await startServer({}, temporaryFolder());
  await Promise.all(Array.from({ length: 200 }, () => fetch(`${url}/tickets/1`)));
  child.kill('SIGTERM');
  await exit;
  expect(output.text.match(/"msg":"request"/g)).toHaveLength(200);
});
