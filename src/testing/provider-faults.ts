import type { ServerResponse } from 'node:http';
import { type Behaviour, completed, OUTPUT } from './provider.ts';

/** Something that a provider may do to us, and what is to come of it. */
export interface ProviderFault {
  name: string;
  /** What it answers to the first call, the second, …; the last one stands for all that follow. */
  answers: Behaviour[];
  /** How many calls are made. */
  calls: number;
  /** What the client gets; without a code it is the result. */
  status: number;
  code?: string;
  retryAfter?: string;
  /** How long that takes at least, in ms. */
  atLeast?: number;
}

/** The limits under which the numbers hold. */
export const LIMITS = { maxAttempts: 3, attemptTimeoutMs: 400, timeoutMs: 4000 };
/** Up to when every client has its answer, in ms. */
export const AT_MOST = LIMITS.timeoutMs + 500;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const error = (status: number, code?: string, headers: Record<string, string> = {}): Behaviour => ({
  status,
  headers,
  body: { error: { message: 'provider words: sk-test I cannot login', type: 'some_error', code } },
});
const good = completed();
const late =
  (ms: number): Behaviour =>
  async (response) => {
    await sleep(ms);
    response.setHeader('content-type', 'application/json').end(JSON.stringify((good as { body: unknown }).body));
  };
const limited = (headers: Record<string, string>) => error(429, 'rate_limit_exceeded', headers);
const inTwoSeconds: Behaviour = (response) => {
  const date = new Date(Date.now() + 2000).toUTCString();
  response.writeHead(429, { 'retry-after': date }).end();
};
const part = (content: object) => completed('', { output: [{ type: 'message', content: [content] }] });
const incomplete = (reason: string) => completed('{"summ', { status: 'incomplete', incomplete_details: { reason } });
const failed = (code: string) =>
  completed('', { status: 'failed', output: [], error: { code, message: 'provider words' } });
const message = { type: 'message', content: [{ type: 'output_text', text: JSON.stringify(OUTPUT) }] };

function start(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"output":');
}
const drip: Behaviour = async (response) => {
  start(response);
  for (let i = 0; i < 30 && !response.destroyed; i += 1) {
    await sleep(1000);
    response.write(' ');
  }
};
const huge: Behaviour = async (response) => {
  start(response);
  const megabyte = Buffer.alloc(1024 * 1024, ' ');
  for (let i = 0; i < 100 && !response.destroyed; i += 1) {
    if (!response.write(megabyte)) await Promise.race([sleep(1000), new Promise((go) => response.once('drain', go))]);
  }
  response.end();
};

const once = (name: string, answer: Behaviour, status: number, code: string, retryAfter?: string): ProviderFault => ({
  name,
  answers: [answer],
  calls: 1,
  status,
  code,
  ...(retryAfter ? { retryAfter } : {}),
});
const thrice = (name: string, answer: Behaviour, status: number, code: string): ProviderFault => ({
  ...once(name, answer, status, code),
  calls: 3,
});
const invalid = (name: string, answer: Behaviour) => thrice(name, answer, 502, 'llm_invalid_output');
const recovers = (name: string, answer: Behaviour, atLeast: number): ProviderFault => ({
  ...{ name, answers: [answer, good], calls: 2, status: 200, atLeast },
});

export const PROVIDER_FAULTS: ProviderFault[] = [
  { name: 'a delay', answers: [late(200)], calls: 1, status: 200, atLeast: 199 },
  recovers('a delay that is too long, once', late(1000), 400),
  once('400', error(400), 502, 'llm_rejected'),
  once('401', error(401), 502, 'llm_unauthorized'),
  once('403', error(403), 502, 'llm_unauthorized'),
  once('404', error(404), 502, 'llm_rejected'),
  once('422', error(422), 502, 'llm_rejected'),
  once('402', error(402), 502, 'llm_rejected'),
  once('413', error(413), 502, 'llm_rejected'),
  once('400 content_filter', error(400, 'content_filter'), 502, 'llm_content_filtered'),
  thrice('408', error(408), 504, 'llm_timeout'),
  thrice('409', error(409), 503, 'llm_unavailable'),
  recovers('409, once', error(409), 0),
  { ...thrice('429', error(429), 503, 'llm_rate_limited'), retryAfter: '5' },
  recovers('429 with retry-after: 1, once', limited({ 'retry-after': '1' }), 1000),
  recovers('429 with retry-after-ms: 300, once', limited({ 'retry-after-ms': '300', 'retry-after': '3600' }), 300),
  recovers('429 with retry-after: a date, once', inTwoSeconds, 900),
  recovers('429 with a retry-after that is none, once', limited({ 'retry-after': '-1' }), 10),
  once('429 with a wait of an hour', limited({ 'retry-after': '3600' }), 503, 'llm_rate_limited', '3600'),
  once('429 with a wait of centuries', limited({ 'retry-after': '99999999999' }), 503, 'llm_rate_limited', '31536000'),
  once('503 with a wait of an hour', error(503, 'x', { 'retry-after': '3600' }), 503, 'llm_unavailable', '3600'),
  ...[
    'insufficient_quota',
    'credit_balance_exhausted',
    'project_spend_limit_exceeded',
    'organization_usage_limit_exceeded',
  ].map((code) => once(`429 ${code}`, error(429, code), 503, 'llm_quota_exhausted')),
  thrice('500', error(500), 503, 'llm_unavailable'),
  recovers('500, once', error(500), 0),
  thrice(
    '503 with HTML',
    { ...error(503), headers: { 'content-type': 'text/html' }, body: '<h1>x</h1>' },
    503,
    'llm_unavailable',
  ),
  thrice('a reset before the body', (response) => void response.socket?.destroy(), 503, 'llm_unavailable'),
  thrice(
    'a reset in the middle of the body',
    async (response) => {
      start(response);
      await sleep(20);
      response.socket?.destroy();
    },
    503,
    'llm_unavailable',
  ),
  { ...thrice('a hang', () => {}, 504, 'llm_timeout'), atLeast: 1200 },
  { ...thrice('a byte a second', drip, 504, 'llm_timeout'), atLeast: 1200 },
  invalid('100 MB', huge),
  once('a redirect', { status: 307, headers: { location: '/v1/elsewhere' } }, 502, 'llm_rejected'),
  invalid('200 with HTML', { headers: { 'content-type': 'text/html' }, body: '<h1>provider words</h1>' }),
  invalid('200 with broken JSON', { body: '{"provider words' }),
  invalid('200 with nothing', { body: '' }),
  invalid('null', { body: 'null' }),
  invalid('an empty object', { body: {} }),
  invalid('no output', completed('', { output: [] })),
  invalid('text that is not JSON', completed('provider words')),
  invalid('a missing field', completed({ ...OUTPUT, summary: undefined })),
  invalid('an extra field', completed({ ...OUTPUT, more: 1 })),
  invalid('an unknown category', completed({ ...OUTPUT, category: 'Billing' })),
  invalid('an empty summary', completed({ ...OUTPUT, summary: '' })),
  invalid('a summary of 601 emoji', completed({ ...OUTPUT, summary: '😀'.repeat(601) })),
  invalid('a reply of 2001 emoji', completed({ ...OUTPUT, reply_draft: '😀'.repeat(2001) })),
  invalid('a summary with U+0000', completed({ ...OUTPUT, summary: 'a\0' })),
  invalid('a reply with a lone surrogate', completed({ ...OUTPUT, reply_draft: '\ud800' })),
  invalid('two outputs', completed('', { output: [message, message] })),
  once('failed: insufficient_quota', failed('insufficient_quota'), 503, 'llm_quota_exhausted'),
  once('failed: invalid_prompt', failed('invalid_prompt'), 502, 'llm_rejected'),
  { ...thrice('failed: rate_limit_exceeded', failed('rate_limit_exceeded'), 503, 'llm_rate_limited'), retryAfter: '5' },
  thrice('cancelled', completed('', { status: 'cancelled', output: [] }), 503, 'llm_unavailable'),
  recovers('an unknown category, once', completed({ ...OUTPUT, category: 'Billing' }), 0),
  once('a refusal', part({ type: 'refusal', refusal: 'provider words' }), 502, 'llm_refused'),
  once('incomplete: content_filter', incomplete('content_filter'), 502, 'llm_content_filtered'),
  once('incomplete: max_output_tokens', incomplete('max_output_tokens'), 502, 'llm_truncated'),
  thrice('failed', completed('', { status: 'failed', output: [] }), 503, 'llm_unavailable'),
  {
    name: 'no id and no usage',
    answers: [{ ...completed(OUTPUT, { usage: undefined }), headers: {} }],
    calls: 1,
    status: 200,
  },
];
