import { type Behaviour, completed, OUTPUT } from './provider.ts';
import { answersTo } from './raw-http.ts';

/** A word that names the place it was put in. */
const canary = (place: string) => `canary-${place}`;
export const PROVIDER_KEY = `sk-${canary('provider-key')}`;
/** The key of the clients. */
export const API_KEY = canary('header-x-api-key');
const TICKET = `I am ${canary('ticket')}`;

/** Headers whose values must not appear anywhere. */
export const HEADERS = Object.fromEntries(
  ['X-API-Key', 'Authorization', 'Cookie', 'User-Agent', 'Referer', 'X-Forwarded-For'].map((name) => [
    name,
    canary(`header-${name.toLowerCase()}`),
  ]),
);

/** Sends a canary in every part of requests that need no provider. */
export async function sendCanaries(url: string): Promise<void> {
  const post = (path: string, body: string, type = 'application/json', more = {}) =>
    fetch(url + path, { method: 'POST', body, headers: { ...HEADERS, ...more, 'content-type': type } });
  await post('/tickets', JSON.stringify({ raw_text: TICKET, source: canary('source'), more: canary('unknown-field') }));
  await post('/tickets', JSON.stringify({ raw_text: [canary('wrong-type')], [canary('field-name')]: 1 }));
  await post('/tickets', JSON.stringify({ raw_text: `${canary('too-long')} `.repeat(2000) }));
  await post('/tickets', JSON.stringify({ raw_text: 'x', source: `${canary('long-source')} `.repeat(9) }));
  await post('/tickets', JSON.stringify({ raw_text: `${canary('unstorable')}\0` }));
  await post('/tickets', `{"raw_text":"${canary('broken-json')}`);
  await post('/tickets', '{}', 'application/json', { 'content-encoding': canary('coding') });
  await post('/tickets', canary('other-type'), `text/${canary('media-type')}`);
  await post('/tickets', JSON.stringify({ raw_text: canary('too-large').repeat(30_000) }));
  await post('/tickets/1/process?force=%00', canary('ignored-body'), canary('ignored-type'));
  await post('/tickets/1/process', JSON.stringify({ force: canary('force-in-body') }));
  for (const path of ['', 'tickets/', 'tickets/1/', 'tickets/1/process/', 'docs/static/', '%zz', 'tickets/%zz']) {
    const place = encodeURIComponent(path);
    await fetch(`${url}/${path}${canary(`after-${place}`)}?${canary(`query-of-${place}`)}=1`, { headers: HEADERS });
  }
  await fetch(`${url}/tickets/1?x=${canary('query-of-a-route')}`, { headers: HEADERS });
  await fetch(`${url}/tickets/1/process?force=${canary('force')}`, { method: 'POST', headers: HEADERS });
  await fetch(`${url}/tickets/1`, { method: 'PUT', headers: HEADERS, body: canary('wrong-method') });
  await fetch(`${url}/tickets/9`, { method: 'DELETE', headers: HEADERS, body: canary('body-of-a-deletion') });
  for (const query of ['cursor', 'limit']) {
    await fetch(`${url}/tickets/1/runs?${query}=${canary(query)}`, { headers: HEADERS });
  }
  for (const query of ['from', 'to', 'group_by']) {
    await fetch(`${url}/usage?${query}=${canary(query)}`, { headers: HEADERS });
  }
  for (const text of ['first', 'second']) {
    const body = JSON.stringify({ raw_text: canary(`${text}-text-of-a-key`) });
    await post('/tickets', body, 'application/json', { 'idempotency-key': canary('idempotency-key') });
  }
  await fetch(`${url}/tickets/1`, { headers: { authorization: `Bearer ${canary('wrong-api-key')}` } });
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

/** A provider's error that quotes the request. */
const quoting = (status: number, words = `no: ${PROVIDER_KEY} ${TICKET} ${canary('provider-message')}`): Behaviour => ({
  status,
  headers: { 'x-request-id': words, 'x-error': words },
  body: { error: { message: words, code: words, type: words, param: words } },
});
const bad = (output: unknown, more = {}): Behaviour => completed(output, more);
/** The provider's last answer. */
export const REPLY = { ...OUTPUT, summary: canary('summary'), reply_draft: canary('reply') };
const words = `${TICKET} ${canary('provider-words')}`;

/** Failures that quote the request; the last answer is valid. */
export const BEHAVIOURS: Behaviour[] = [
  ...[400, 401, 403, 404, 408, 409, 422, 429, 500, 503].map((status) => quoting(status)),
  ...[400, 401, 429, 500].map((status) => quoting(status, PROVIDER_KEY)),
  ...[400, 500].map((status) => quoting(status, canary('ticket'))),
  { status: 307, headers: { location: `/${canary('redirect')}` } },
  { status: 500, body: canary('provider-body') },
  { body: `{"${canary('broken-answer')}` },
  { body: { [canary('strange-answer')]: 1 } },
  bad(canary('no-json-answer')),
  bad({ ...REPLY, category: canary('category') }),
  bad({ ...REPLY, summary: '', [canary('extra-field')]: 1 }),
  bad(`${canary('words-around')} {"${canary('no-field')}": 1} ${JSON.stringify({ ...REPLY, category: '' })}`),
  bad({ ...REPLY, summary: canary('too-long-summary').repeat(100) }),
  bad(REPLY, { status: 'failed', error: { code: canary('failure-code'), message: words } }),
  bad('{"summ', { status: 'incomplete', incomplete_details: { reason: canary('reason') } }),
  { body: { error: { code: canary('error-code'), type: canary('error-type'), message: words } } },
  { body: { error: words } },
  bad('', { output: [{ type: 'message', content: [{ type: 'refusal', refusal: words }] }] }),
  (response) => void response.socket?.destroy(),
  () => {}, // until the time-out
  bad(REPLY),
];
