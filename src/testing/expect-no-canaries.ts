import { expect, onTestFinished } from 'vitest';
import { API_KEY, BEHAVIOURS, HEADERS, PROVIDER_KEY, REPLY, sendCanaries } from './canaries.ts';
import { openSqliteFile } from './database.ts';
import { temporaryFolder } from './folder.ts';
import { startProvider } from './provider.ts';
import { spawnServer } from './server-process.ts';
import { freePort } from './socket.ts';

/** Starts a server whose provider is not up yet. Below `info` it does not log its URL, so it gets a port. */
async function startServerWithLevel(LOG_LEVEL: string) {
  const folder = temporaryFolder();
  const [port, providerPort] = [await freePort(), await freePort()];
  const environment = {
    LOG_LEVEL,
    PORT: String(port),
    API_KEYS: `tools:${API_KEY}`,
    OPENAI_API_KEY: PROVIDER_KEY,
    OPENAI_BASE_URL: `http://127.0.0.1:${providerPort}/v1`,
    OPENAI_MAX_ATTEMPTS: '1',
    OPENAI_TIMEOUT_MS: '300',
    SHUTDOWN_GRACE_MS: '50',
    OPENAI_LOG: 'debug',
    DEBUG: '*',
  };
  const server = spawnServer(environment, folder);
  const url = `http://127.0.0.1:${port}`;
  const isUp = () => fetch(`${url}/health`).then(({ ok }) => ok, String);
  await expect.poll(isUp, { timeout: 20_000 }).toBe(true);
  return { ...server, url, providerPort, database: `${folder}/data/app.db` };
}

/** The lines that contain a canary. */
const canariesIn = (text: string) => text.split('\n').filter((line) => line.includes('canary'));

/** Sends canaries to a server and its provider, and expects none in the log and the errors. */
export async function expectNoCanaries(level: string): Promise<void> {
  const { child, database, exit, output, providerPort, url } = await startServerWithLevel(level);
  const request = async (path: string, method = 'GET') => {
    const response = await fetch(url + path, { method, headers: HEADERS });
    return `${response.status} ${await response.text()}`;
  };
  const process = () => request('/tickets/1/process?force=1', 'POST');
  await sendCanaries(url);
  const answers = [await process()]; // the provider is not up
  const provider = await startProvider(providerPort);
  onTestFinished(provider.close);
  for (const behaviour of BEHAVIOURS) {
    provider.respond(() => behaviour);
    answers.push(await process());
  }
  expect(answers.pop()).toContain(REPLY.summary);

  const sqlite = openSqliteFile(database);
  sqlite.exec('ALTER TABLE tickets RENAME TO gone');
  answers.push(await process(), await request('/tickets/1'));
  sqlite.exec('ALTER TABLE gone RENAME TO tickets');
  provider.respond(() => () => {});
  const calls = provider.requests.length;
  const interrupted = process();
  await expect.poll(() => provider.requests.length).toBe(calls + 1);
  child.kill('SIGTERM');
  answers.push(await interrupted);
  expect(await exit).toBe(0);

  expect(answers.filter((answer) => !/^50[0234] /.test(answer))).toEqual([]);
  expect(canariesIn(answers.join('\n'))).toEqual([]);
  expect(canariesIn(output.text)).toEqual([]);
  // Failed runs are logged at `warn`.
  expect(output.text.includes('llm_rejected')).toBe(!['fatal', 'error', 'silent'].includes(level));
}
