import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/folder.ts';
import { BUNDLE, NODE_COMPILE_CACHE, spawnServer, startServer } from '../testing/server-process.ts';
import { freePort } from '../testing/socket.ts';

const LOGGER = fileURLToPath(new URL('logger.ts', import.meta.url));

/** A program that creates a logger and then runs these statements. */
const program = (statements: string) =>
  `const { createLogger } = await import(${JSON.stringify(LOGGER)});
   const { log, flush, discardPending } = await createLogger('info');
   ${statements}`;

/** Standard output of such a program. `preamble` runs before the logger is created. */
function run(statements: string, preamble = ''): string {
  const source = preamble + program(statements);
  const env = { ...process.env, NODE_COMPILE_CACHE };
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8', env }).stdout;
}

/** Exceeds one write (16 kB), so that a write is under way when the last line is logged. */
const LOG_100_LINES = 'for (let i = 0; i < 100; i += 1) log.info("line " + "x".repeat(500));';
const countLines = (output: string) => output.match(/"msg":"line/g)?.length ?? 0;

describe('createLogger', () => {
  it.each([
    ['ends', ''],
    ['calls process.exit', 'process.exit(0);'],
    ['throws', 'throw new Error("boom");'],
    ['rejects', 'Promise.reject(new Error("boom"));'],
    ['is killed after flush', 'await flush(); process.kill(process.pid, "SIGKILL");'],
  ])('writes all lines when the process %s', (_name, end) => {
    expect(countLines(run(LOG_100_LINES + end))).toBe(100);
  });

  it('writes the lines before a fatal one at once', () => {
    expect(countLines(run('log.info("line"); log.fatal("the end"); process.kill(process.pid, "SIGKILL");'))).toBe(1);
  });

  it('writes the stack of an unexpected error only', () => {
    const { href } = new URL('../errors.ts', import.meta.url);
    const err = `new (await import('${href}')).AppError('storage_unavailable', 'no disk')`;
    const lines = run(`log.error({ err: new Error('a bug') }); log.error({ err: ${err} });`).trim().split('\n');
    const errors = lines.map((line) => JSON.parse(line).err);
    expect(errors).toMatchObject([{ message: 'a bug' }, { message: 'no disk', code: 'storage_unavailable' }]);
    expect(errors.map(({ stack }) => stack !== undefined)).toEqual([true, false]);
  });

  it('writes no pending lines after discardPending', () => {
    expect(countLines(run('log.info("line"); discardPending(); process.exit(0);'))).toBe(0);
  });

  it('drops lines instead of using more memory while the reader is blocked', async () => {
    const statements = `for (let i = 0; i < 200_000; i += 1) log.info('x'.repeat(1000));
      process.stderr.write(String(process.memoryUsage.rss() / 2 ** 20)); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program(statements)]);
    onTestFinished(() => void child.kill('SIGKILL'));
    const [mebibytes] = await once(child.stderr, 'data');
    expect(Number(mebibytes)).toBeLessThan(200);
  });

  it.each([
    [
      'request',
      `{ reqId: 'a1', method: 'GET', route: '/tickets/:id', status: 200, ms: 3 }`,
      'GET /tickets/:id 200 3 ms',
    ],
    ['run', `{ reqId: 'a1', ticketId: 7, outcome: 'llm_timeout', ms: 900 }`, 'llm_timeout 900 ms'],
  ])('prints a readable %s line on a terminal', (msg, fields, text) => {
    const line = run(`log.info(${fields}, '${msg}');`, 'process.stdout.isTTY = true;');
    expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\].*INFO/);
    expect(line).toContain(`${msg} ${text}`);
    expect(line).toContain('a1');
  });
});

describe('the server', () => {
  /** Starts a server whose log may not be readable and waits until it answers. */
  async function startUnreadable(command?: string[]) {
    const PORT = String(await freePort());
    const server = spawnServer({ PORT }, temporaryFolder(), command ? { command } : {});
    const health = (headers = {}) =>
      fetch(`http://127.0.0.1:${PORT}/health`, { headers }).then(({ status }) => status, String);
    await expect.poll(health, { timeout: 20_000 }).toBe(200);
    return { ...server, health };
  }

  it('runs and stops while the disk of the log is full, and reports it once', async () => {
    const { child, exit, output, health } = await startUnreadable(['sh', '-c', 'exec "$0" "$@" >/dev/full', ...BUNDLE]);
    await expect.poll(() => output.text).toMatch('the log cannot be written: ENOSPC');
    expect(await health()).toBe(200);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(output.text.match(/cannot be written/g)).toHaveLength(1);
  });

  it('starts and stops while standard error is on the same full disk', async () => {
    const { child, exit, health } = await startUnreadable(['sh', '-c', 'exec "$0" "$@" >/dev/full 2>&1', ...BUNDLE]);
    expect(await health()).toBe(200);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  it.each([
    ['has closed the pipe', (child: ChildProcess) => child.stdout?.destroy()],
    ['is blocked', (child: ChildProcess) => child.stdout?.pause()],
  ])('stops when the reader of its log %s', async (_name, disturb) => {
    const { child, exit, health } = await startUnreadable();
    disturb(child);
    const headers = { 'x-request-id': 'x'.repeat(128) };
    for (let i = 0; i < 20; i += 1) await Promise.all(Array.from({ length: 50 }, () => health(headers)));
    child.kill('SIGTERM');
    child.on('exit', () => child.stdout?.destroy()); // `close` would otherwise wait until the pipe is read
    expect(await exit).toBe(0);
  });

  it('has written the lines of all requests when it has stopped', async () => {
    const { child, exit, output, url } = await startServer({}, temporaryFolder());
    await Promise.all(Array.from({ length: 200 }, () => fetch(`${url}/tickets/1`)));
    child.kill('SIGTERM');
    await exit;
    expect(output.text.match(/"msg":"request"/g)).toHaveLength(200);
  });
});
