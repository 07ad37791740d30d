import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../src/testing/socket.ts';
import { FOLDER } from './data.ts';
import type { Usage } from './usage.ts';

const USAGE = new URL('usage.ts', import.meta.url).href;

/** No process outlives the benchmark. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

export interface Server {
  url: string;
  /** What it has used so far. */
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** Starts a script that listens on $PORT, and returns once it answers `GET /health` with 200. */
export async function startServer(
  script: string[],
  environment: NodeJS.ProcessEnv = {},
  logFile?: string,
): Promise<Server> {
  const port = await freePort();
  const log = logFile ? openSync(logFile, 'w') : undefined;
  const child = spawn(process.execPath, ['--import', USAGE, ...script], {
    cwd: FOLDER,
    env: { PATH: process.env.PATH, ...environment, PORT: String(port) },
    stdio: ['ignore', log ?? 'ignore', 'inherit', 'ipc'],
  });
  if (log) closeSync(log);
  running.add(child);
  const exit = once(child, 'exit').then(() => running.delete(child));
  const url = `http://127.0.0.1:${port}`;
  await untilHealthy(child, url);
  return {
    url,
    async usage() {
      child.send('usage');
      const [usage] = await once(child, 'message');
      return usage as Usage;
    },
    async stop() {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

/** How long a server takes from its process's start to its first 200, in ms. */
export async function timeToStart(script: string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const port = await freePort();
  const start = performance.now();
  const env = { PATH: process.env.PATH, ...environment, PORT: String(port) };
  const child = spawn(process.execPath, script, { cwd: FOLDER, env, stdio: 'ignore' });
  running.add(child);
  await untilHealthy(child, `http://127.0.0.1:${port}`);
  const ms = performance.now() - start;
  child.kill('SIGTERM');
  await once(child, 'exit');
  running.delete(child);
  return ms;
}

async function untilHealthy(child: ChildProcess, url: string): Promise<void> {
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || child.signalCode) throw new Error(`${child.spawnargs.join(' ')} has ended`);
    await sleep(2);
  }
}

const isHealthy = (url: string) =>
  new Promise<boolean>((resolve) => {
    get(`${url}/health`, (response) => resolve(response.resume().statusCode === 200)).on('error', () => resolve(false));
  });
