import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../src/testing/socket.ts';
import { FOLDER } from './data.ts';

const USAGE_SCRIPT = fileURLToPath(new URL('usage.cjs', import.meta.url));
const POLL_MS = 2;

/** What a process has used since its start. */
export interface Usage {
  /** User and system time of all threads. */
  cpuUs: number;
  memoryBytes: number;
}

export interface Server {
  url: string;
  /** From the start of the process to its first 200 of `GET /health`. */
  startMs: number;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

const running = new Map<ChildProcess, Server>();
process.on('exit', () => {
  for (const child of running.keys()) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

export async function stopServers(): Promise<void> {
  for (const server of running.values()) await server.stop();
}

/** Starts a script that listens on $PORT, and waits until it is healthy. */
export async function startServer(script: string[], environment: NodeJS.ProcessEnv, logFile?: string): Promise<Server> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = logFile ? openSync(logFile, 'w') : undefined;
  const start = performance.now();
  const child = spawn(process.execPath, ['--require', USAGE_SCRIPT, ...script], {
    cwd: FOLDER,
    env: { PATH: process.env.PATH, ...environment, PORT: String(port) },
    stdio: ['ignore', log ?? 'ignore', 'inherit', 'ipc'],
  });
  if (log) closeSync(log);
  const exit = once(child, 'exit');
  const server: Server = {
    url,
    startMs: 0,
    async usage() {
      child.send('usage');
      const [usage] = await once(child, 'message');
      return usage;
    },
    async stop() {
      running.delete(child);
      child.kill('SIGTERM');
      await exit;
    },
  };
  running.set(child, server);
  await waitUntilHealthy(child, url);
  server.startMs = performance.now() - start;
  return server;
}

async function waitUntilHealthy(child: ChildProcess, url: string): Promise<void> {
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || child.signalCode) throw new Error(`${child.spawnargs.join(' ')} has ended`);
    await sleep(POLL_MS);
  }
}

const isHealthy = (url: string) =>
  new Promise<boolean>((resolve) => {
    get(`${url}/health`, (response) => resolve(response.resume().statusCode === 200)).on('error', () => resolve(false));
  });
