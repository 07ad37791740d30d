/** Starts the server as the README says and runs the README's console examples: each answer has to be as written there. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'readme-'));
const database = join(folder, 'app.db');
const { OPENAI_API_KEY: _, ...environment } = process.env;
const server = spawn('npm', ['start'], {
  env: { ...environment, DATABASE_URL: database },
  stdio: 'inherit',
  detached: true, // a process group of its own, so that npm and the server end together
});

/** What differs from run to run. */
const masked = (text: string) =>
  text
    .trim()
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
    .replaceAll(/"latency_ms":\d+/g, '"latency_ms":<ms>')
    .replaceAll(/"request_id":"[0-9a-f]+-\d+"/g, '"request_id":<id>');

const readme = readFileSync('README.md', 'utf8');
const blocks = [...readme.matchAll(/^```console\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
const examples = blocks.flatMap((block) => block.split(/^\$ /m).slice(1));

let failed = 0;
try {
  execFileSync('curl', [
    '-sf',
    '--retry',
    '60',
    '--retry-delay',
    '1',
    '--retry-all-errors',
    'http://127.0.0.1:8000/health',
  ]);
  if (server.exitCode !== null) throw new Error('the server ended; whoever answers on port 8000 is somebody else');
  for (const example of examples) {
    const [command = '', ...answer] = example.split('\n');
    const got = execFileSync('bash', ['-c', command], { encoding: 'utf8' });
    const same = masked(got) === masked(answer.join('\n'));
    if (!same) failed += 1;
    process.stdout.write(`${same ? 'ok  ' : 'FAIL'} ${command}\n${same ? '' : `${got}\n`}`);
  }
} finally {
  process.kill(-(server.pid as number), 'SIGTERM');
  rmSync(folder, { recursive: true });
}
process.stdout.write(`${examples.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || examples.length === 0 ? 1 : 0;
