import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The command that runs the sources. */
export const SOURCES = [process.execPath, `${ROOT}src/server.ts`];

/** The command that runs the bundle, which the tests' global setup has built. It starts in a fifth of the time. */
export const BUNDLE = [process.execPath, `${ROOT}dist/server.cjs`];

/** Of compiled code, as for `npm start`. */
export const NODE_COMPILE_CACHE = `${ROOT}dist/cache`;

/** The command that runs the bundle in a process whose clock is so many hours fast. */
export function bundleWithFastClock(hours: number): string[] {
  const [node = '', ...script] = BUNDLE;
  const shim = `globalThis.Date = class extends Date {
    constructor(...values) { values.length > 0 ? super(...values) : super(globalThis.Date.now()); }
    static now() { return super.now() + ${hours * 3_600_000}; }
  }`;
  return [node, '--import', `data:text/javascript,${encodeURIComponent(shim)}`, ...script];
}

export interface ServerOptions {
  command?: string[];
  /** In a process group of its own. */
  detached?: boolean;
}

/** Starts a server process with just this environment, in a folder without a `.env`. */
export function spawnServer(
  environment: Record<string, string>,
  cwd: string,
  { command = BUNDLE, detached = false }: ServerOptions = {},
) {
  const [program, ...args] = command;
  const child = spawn(program as string, args, {
    cwd,
    detached,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE, HOST: '127.0.0.1', PORT: '0', ...environment },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output.text += chunk;
    });
  }
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, output, exit };
}

/** Starts a server process and waits until it listens. */
export async function startServer(environment: Record<string, string>, cwd: string, options?: ServerOptions) {
  const server = spawnServer(environment, cwd, options);
  const url = await listening(server.child, server.output);
  const post = (path: string, body?: unknown) =>
    fetch(url + path, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  return { ...server, url, post };
}

/** The URL that the server logs. */
async function listening(child: ChildProcess, output: { text: string }): Promise<string> {
  for (;;) {
    const url = /listening at (http:\/\/[\d.]+:\d+)/.exec(output.text)?.[1];
    if (url) return url;
    if (child.exitCode !== null) throw new Error(`the server exited with ${child.exitCode}: ${output.text}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
