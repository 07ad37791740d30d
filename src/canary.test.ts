import { expect, onTestFinished, test } from 'vitest';
import { openSqlite } from './testing/database.ts';
import { temporaryFolder } from './testing/folder.ts';
import { type Behaviour, completed, OUTPUT, startProvider } from './testing/provider.ts';
import { answersTo } from './testing/raw-http.ts';
import { bundled, spawnServer } from './testing/server-process.ts';
import { freePort } from './testing/socket.ts';

/** A word that tells where it came from; no two are alike. */
const canary = (place: string) => `canary-${place}`;
const KEY = `sk-${canary('provider-key')}`;
const TICKET = `I am ${canary('ticket')}`;

const HEADERS = Object.fromEntries(
  ['Authorization', 'X-API-Key', 'Cookie', 'User-Agent', 'Referer', 'Content-Encoding', 'X-Forwarded-For'].map(
    (name) => [name, `Bearer ${canary(`header-${name.toLowerCase()}`)}`],
  ),
);

/** Requests of every kind that need no provider. */
async function ask(url: string): Promise<void> {
  const post = (path: string, body: string, type = 'application/json') =>
    fetch(url + path, { method: 'POST', body, headers: { ...HEADERS, 'content-type': type } });
  await post('/tickets', JSON.stringify({ raw_text: TICKET, source: canary('source'), more: canary('unknown-field') }));
  await post('/tickets', JSON.stringify({ raw_text: [canary('wrong-type')], [canary('field-name')]: 1 }));
  await post('/tickets', JSON.stringify({ raw_text: `${canary('too-long')} `.repeat(2000) }));
  await post('/tickets', JSON.stringify({ raw_text: 'x', source: `${canary('long-source')} `.repeat(9) }));
  await post('/tickets', JSON.stringify({ raw_text: `${canary('unstorable')}\0` }));
  await post('/tickets', `{"raw_text":"${canary('broken-json')}`);
  await post('/tickets', canary('other-type'), `text/${canary('media-type')}`);
  await post('/tickets', JSON.stringify({ raw_text: canary('too-large').repeat(30_000) }));
  await post('/tickets/1/process?force=%00', canary('ignored-body'), canary('ignored-type'));
  for (const path of ['', 'tickets/', 'tickets/1/', 'tickets/1/process/', 'docs/static/', '%zz', 'tickets/%zz']) {
    await fetch(`${url}/${path}${canary('path')}?${canary('query')}=1`, { headers: HEADERS });
  }
  await fetch(`${url}/tickets/1?x=${canary('query-of-a-route')}`, { headers: HEADERS });
  await fetch(`${url}/tickets/1/process?force=${canary('force')}`, { method: 'POST' });
  await fetch(`${url}/tickets/1`, { method: 'DELETE', body: canary('wrong-method') });
  const readable = `Host: ${canary('host')}\r\nConnection: close\r\n`;
  for (const bytes of [
    `${canary('no-http')}\r\n\r\n`,
    `GET /${canary('raw-path')} HTTP/1.1\r\n${readable}\r\n`,
    `GET / HTTP/1.1\r\n${readable}${canary('bad-header')} : x\r\n\r\n`,
    `GET / HTTP/1.1\r\n${readable}X: ${canary('huge-header').repeat(2000)}\r\n\r\n`,
    `GET / HTTP/1.1\r\nConnection: close\r\nX: ${canary('no-host')}\r\n\r\n`,
    `POST /tickets HTTP/1.1\r\n${readable}Transfer-Encoding: chunked\r\n\r\n${canary('bad-chunk')}\r\n`,
    `POST /tickets HTTP/1.1\r\n${readable}Content-Length: 999\r\n\r\n${canary('half-a-body')}`,
  ]) {
    await answersTo(url, bytes, 50);
  }
}

/** A provider's error that quotes what it was sent. */
const quoting = (status: number, words = `no: ${KEY} ${TICKET} ${canary('provider-message')}`): Behaviour => ({
  status,
  headers: { 'x-request-id': words, 'x-error': words },
  body: { error: { message: words, code: words, type: words, param: words } },
});
const bad = (output: unknown, more = {}): Behaviour => completed(output, more);
const REPLY = { ...OUTPUT, summary: canary('summary'), reply_draft: canary('reply') };
const words = `${TICKET} ${canary('provider-words')}`;

const BEHAVIOURS: Behaviour[] = [
  ...[400, 401, 403, 404, 408, 409, 422, 429, 500, 503].map((status) => quoting(status)),
  ...[400, 401, 429, 500].map((status) => quoting(status, KEY)),
  ...[400, 500].map((status) => quoting(status, canary('ticket'))),
  { status: 307, headers: { location: `/${canary('redirect')}` } },
  { status: 500, body: canary('provider-body') },
  { body: `{"${canary('broken-answer')}` },
  { body: { [canary('strange-answer')]: 1 } },
  bad(canary('no-json-answer')),
  bad({ ...REPLY, category: canary('category') }),
  bad({ ...REPLY, [canary('extra-field')]: 1 }),
  bad({ ...REPLY, summary: canary('too-long-summary').repeat(100) }),
  bad(REPLY, { status: 'failed', error: { code: canary('failure-code'), message: words } }),
  bad(REPLY, { status: 'incomplete', incomplete_details: { reason: canary('reason') } }),
  bad('', { output: [{ type: 'message', content: [{ type: 'refusal', refusal: words }] }] }),
  (response) => void response.socket?.destroy(),
  () => {}, // until the time-out
  bad(REPLY),
];

test.each(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])(
  'neither the log nor an error holds a word of tickets, replies, keys or headers: LOG_LEVEL=%s',
  async (LOG_LEVEL) => {
    const folder = temporaryFolder();
    const provider = await startProvider();
    onTestFinished(provider.close);
    const PORT = String(await freePort());
    const url = `http://127.0.0.1:${PORT}`;
    const { child, exit, output } = spawnServer(
      {
        ...{ LOG_LEVEL, OPENAI_API_KEY: KEY, OPENAI_BASE_URL: provider.url, PORT },
        ...{ OPENAI_MAX_ATTEMPTS: '1', OPENAI_TIMEOUT_MS: '300', OPENAI_LOG: 'debug', DEBUG: '*' },
      },
      folder,
      bundled(),
    );
    await expect.poll(() => fetch(`${url}/health`).then(({ ok }) => ok, String), { timeout: 20_000 }).toBe(true);
    await ask(url);
    const errors: string[] = [];
    const process = async () => {
      const response = await fetch(`${url}/tickets/1/process?force=1`, { method: 'POST', headers: HEADERS });
      if (!response.ok) errors.push(await response.text());
    };
    for (const behaviour of BEHAVIOURS) {
      provider.respond(() => behaviour);
      await process();
    }
    expect(await (await fetch(`${url}/tickets/1/result`)).text()).toContain(REPLY.summary);
    await provider.close(); // so that nothing can be reached any more
    await process();
    openSqlite(`${folder}/data/app.db`).exec('DROP TABLE results; ALTER TABLE tickets RENAME TO gone');
    await process();
    await fetch(`${url}/tickets`, { method: 'POST', body: JSON.stringify({ raw_text: TICKET }), headers: HEADERS });
    await fetch(`${url}/tickets/1/result`, { headers: HEADERS });
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(errors).toHaveLength(BEHAVIOURS.length + 1);
    expect(found(errors.join('\n'))).toEqual([]);
    expect(found(output.text)).toEqual([]);
  },
);

/** The canaries in a text, with the line that each is in. */
const found = (text: string) => text.split('\n').filter((line) => line.includes('canary'));
