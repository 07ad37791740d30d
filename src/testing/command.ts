import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ROOT } from './server-process.ts';

/** Runs a file of src/commands with an empty environment and returns its exit code and its output. */
export async function runCommand(name: string, cwd: string, args: string[] = []) {
  const child = spawn(process.execPath, [`${ROOT}src/commands/${name}.ts`, ...args], { cwd, env: {} });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      output[stream] += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return { code: code as number | null, ...output };
}
