/**
 * Runs the console examples of README.md and docs/*.md against a real server, and compares the answers.
 * Every document gets a new database. Blocks marked `console keys` get a server that requires API keys.
 * In an expected answer `…` stands for any text; times, ids of requests and latencies are ignored.
 */
import { execFile, spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PORT = process.env.PORT ?? '8000';
const KEY = 'example-key-0123456789';
const METRICS_KEY = 'metrics-key-0123456789';
const SERVER_SETTINGS: Record<string, object> = {
  console: {},
  'console keys': { API_KEYS: `example:${KEY}`, METRICS_KEY },
};

const bash = async (command: string) => {
  const env = { ...process.env, KEY, METRICS_KEY };
  return (await promisify(execFile)('bash', ['-c', command.replaceAll(':8000', `:${PORT}`)], { env })).stdout;
};

const mask = (text: string) =>
  text
    .replaceAll('\r', '') // curl's header lines
    .trim()
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
    .replaceAll(/"latency_ms":\d+/g, '"latency_ms":<ms>')
    .replaceAll(/"request_id":"[^"]+"/g, '"request_id":<id>');

function isExpected(actual: string, expected: string): boolean {
  const parts = mask(expected).split('…').map(RegExp.escape);
  return new RegExp(`^${parts.join('.*')}$`, 's').test(mask(actual));
}

/** The examples of a document's blocks: a command after `$ `, possibly continued after `\`, and its output. */
function readExamples(text: string, language: string): { command: string; output: string }[] {
  const blocks = [...text.matchAll(/^```([^\n]+)\n(.*?)^```$/gms)].filter((block) => block[1] === language);
  const examples = blocks.flatMap((block) => (block[2] ?? '').split(/^\$ /m).slice(1));
  return examples.map((example) => {
    const [, command = '', output = ''] = /^((?:[^\n]*\\\n)*[^\n]*\n)(.*)$/s.exec(example) ?? [];
    return { command, output };
  });
}

/** Starts the server as the README says, calls `use` when it answers, and stops it. */
async function withServer(settings: object, use: () => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'readme-'));
  const { OPENAI_API_KEY: _, OPENAI_BASE_URL: __, ...environment } = process.env;
  const server = spawn('npm', ['start', '--silent'], {
    env: { ...environment, PORT, LOG_LEVEL: 'warn', DATABASE_URL: join(folder, 'app.db'), ...settings },
    stdio: 'inherit',
    detached: true, // a process group of its own, so that npm and the server end together
  });
  const exited = new Promise((resolve) => server.on('exit', resolve));
  try {
    await bash('curl -sf --retry 60 --retry-delay 1 --retry-all-errors http://127.0.0.1:8000/health');
    if (server.exitCode !== null) throw new Error(`the server has exited; another one answers on port ${PORT}`);
    await use();
  } finally {
    if (server.exitCode === null) process.kill(-(server.pid as number), 'SIGTERM');
    await exited;
    rmSync(folder, { recursive: true });
  }
}

let failed = 0;
let passed = 0;
for (const file of ['README.md', ...globSync('docs/*.md').sort()]) {
  for (const [language, settings] of Object.entries(SERVER_SETTINGS)) {
    const examples = readExamples(readFileSync(file, 'utf8'), language);
    if (examples.length === 0) continue;
    await withServer(settings, async () => {
      for (const { command, output } of examples) {
        const actual = await bash(command).catch(String);
        const isSame = isExpected(actual, output);
        if (isSame) passed += 1;
        else failed += 1;
        process.stdout.write(`${isSame ? 'ok  ' : 'FAIL'} ${file}: ${command}${isSame ? '' : `${actual}\n`}`);
      }
    });
  }
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
