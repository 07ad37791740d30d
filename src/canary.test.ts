import { expect, onTestFinished, test } from 'vitest';
import { API_KEY, ask, BEHAVIOURS, HEADERS, KEY, REPLY } from './testing/canaries.ts';
import { openSqliteFile } from './testing/database.ts';
import { temporaryFolder } from './testing/folder.ts';
import { startProvider } from './testing/provider.ts';
import { spawnServer } from './testing/server-process.ts';
import { freePort } from './testing/socket.ts';

/** A server that asks a provider on a port that nothing listens on yet. Below `info` it does not say when it listens. */
async function startQuietServer(LOG_LEVEL: string) {
  const folder = temporaryFolder();
  const [PORT, providerPort] = [String(await freePort()), await freePort()];
  const environment = {
    ...{
      LOG_LEVEL,
      PORT,
      API_KEYS: `tools:${API_KEY}`,
      OPENAI_API_KEY: KEY,
      OPENAI_BASE_URL: `http://127.0.0.1:${providerPort}/v1`,
    },
    ...{ OPENAI_MAX_ATTEMPTS: '1', OPENAI_TIMEOUT_MS: '300', SHUTDOWN_GRACE_MS: '50', OPENAI_LOG: 'debug', DEBUG: '*' },
  };
  const server = spawnServer(environment, folder);
  const url = `http://127.0.0.1:${PORT}`;
  const isUp = () => fetch(`${url}/health`).then(({ ok }) => ok, String);
  await expect.poll(isUp, { timeout: 20_000 }).toBe(true);
  return { ...server, url, providerPort, database: `${folder}/data/app.db` };
}

/** The lines of a text that hold a canary. */
const found = (text: string) => text.split('\n').filter((line) => line.includes('canary'));

test.each(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])(
  'neither the log nor a failure holds a word of tickets, replies, keys or headers: LOG_LEVEL=%s',
  async (level) => {
    const { child, database, exit, output, providerPort, url } = await startQuietServer(level);
    const request = async (path: string, method = 'GET') => {
      const response = await fetch(url + path, { method, headers: HEADERS });
      return `${response.status} ${await response.text()}`;
    };
    const process = () => request('/tickets/1/process?force=1', 'POST');
    await ask(url);
    const answers = [await process()]; // no connection
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
    const givenUp = process();
    await expect.poll(() => provider.requests.length).toBe(calls + 1);
    child.kill('SIGTERM');
    answers.push(await givenUp);
    expect(await exit).toBe(0);

    expect(answers.filter((answer) => !/^50[0234] /.test(answer))).toEqual([]);
    expect(found(answers.join('\n'))).toEqual([]);
    expect(found(output.text)).toEqual([]);
    expect(output.text.includes('llm_rejected')).toBe(!['fatal', 'silent'].includes(level));
  },
);
