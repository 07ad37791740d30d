import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The command for the sources. */
export const fromSources = () => [process.execPath, `${ROOT}src/server.ts`];

let isBuilt = false;

/** The command for the bundle, which is made anew if the sources are newer. */
export function bundled(): string[] {
  if (!isBuilt) execFileSync('npm', ['run', 'prestart'], { cwd: ROOT, stdio: 'pipe' });
  isBuilt = true;
  return [process.execPath, `${ROOT}dist/server.cjs`];
}

/**
 * Starts the server as a process with just this environment, in a folder that has no `.env` of somebody's.
 *
 * @param command by default that for the bundle, which starts in a fifth of the time
 */
export function spawnServer(
  environment: Record<string, string>,
  cwd: string,
  [program, ...args]: string[] = bundled(),
) {
  const child = spawn(program as string, args, {
    cwd,
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...environment },
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

/** The same, once it listens: with the URL that it says it listens on. */
export async function startServer(environment: Record<string, string>, cwd: string, command?: string[]) {
  const server = spawnServer(environment, cwd, command);
  const url = await listening(server.child, server.output);
  const post = (path: string, body?: unknown) =>
    fetch(url + path, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  return { ...server, url, post };
}

async function listening(child: ChildProcess, output: { text: string }): Promise<string> {
  for (;;) {
    const url = /listening at (http:\/\/[\d.]+:\d+)/.exec(output.text)?.[1];
    if (url) return url;
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}: ${output.text}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
