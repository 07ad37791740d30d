import type { ServerResponse } from 'node:http';
import { ANSWER_SHAPES } from './answer-shapes.ts';
import { FAILURE_SHAPES } from './failure-shapes.ts';
import { type Behaviour, completed, OUTPUT } from './provider.ts';
import { invalidOutput, type ProviderFault, permanent, persistent, recovers } from './provider-fault.ts';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An error response of OpenAI. Its message must not reach the log or the client. */
const error = (status: number, code?: string, headers: Record<string, string> = {}): Behaviour => ({
  status,
  headers,
  body: { error: { message: 'provider words: sk-test I cannot login', type: 'some_error', code } },
});
const html = (status: number): Behaviour => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: '<h1>provider words</h1>',
});
const rateLimited = (headers: Record<string, string>) => error(429, 'rate_limit_exceeded', headers);
const rateLimitedUntil: Behaviour = (response) => {
  const date = new Date(Date.now() + 2000).toUTCString();
  response.writeHead(429, { 'retry-after': date }).end();
};
const delayed =
  (ms: number): Behaviour =>
  async (response) => {
    await sleep(ms);
    const { body } = completed() as { body: unknown };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  };
const withContent = (content: object) => completed('', { output: [{ type: 'message', content: [content] }] });
const incomplete = (reason: string) => completed('{"summ', { status: 'incomplete', incomplete_details: { reason } });
const failed = (code: string) =>
  completed('', { status: 'failed', output: [], error: { code, message: 'provider words' } });

function startBody(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"output":');
}
const slowBody: Behaviour = async (response) => {
  startBody(response);
  for (let i = 0; i < 30 && !response.destroyed; i += 1) {
    await sleep(1000);
    response.write(' ');
  }
};
const resetInBody: Behaviour = async (response) => {
  startBody(response);
  await sleep(20);
  response.socket?.destroy();
};
const hugeBody: Behaviour = async (response) => {
  startBody(response);
  const megabyte = Buffer.alloc(1024 * 1024, ' ');
  for (let i = 0; i < 100 && !response.destroyed; i += 1) {
    if (!response.write(megabyte)) {
      await Promise.race([sleep(1000), new Promise((resolve) => response.once('drain', resolve))]);
    }
  }
  response.end();
};

export const HUGE_BODY = invalidOutput('a body of 100 MB', hugeBody);

export const PROVIDER_FAULTS: ProviderFault[] = [
  { name: 'a delay', responses: [delayed(100)], calls: 1, status: 200, minMs: 99 },
  recovers('a delay beyond the time limit, once', delayed(1000), 400),
  permanent('400', error(400), 502, 'llm_rejected'),
  permanent('401', error(401), 502, 'llm_unauthorized'),
  permanent('403', error(403), 502, 'llm_unauthorized'),
  permanent('404', error(404), 502, 'llm_rejected'),
  permanent('422', error(422), 502, 'llm_rejected'),
  permanent('413', error(413), 502, 'llm_rejected'),
  permanent('400 content_filter', error(400, 'content_filter'), 502, 'llm_content_filtered'),
  persistent('408', error(408), 504, 'llm_timeout'),
  persistent('409', error(409), 503, 'llm_unavailable'),
  recovers('409, once', error(409), 0),
  { ...persistent('429', error(429), 503, 'llm_rate_limited'), retryAfter: '5' },
  recovers('429 with Retry-After: 1, once', rateLimited({ 'retry-after': '1' }), 1000),
  recovers('429 with Retry-After-Ms: 300, once', rateLimited({ 'retry-after-ms': '300', 'retry-after': '3600' }), 300),
  recovers('429 with a date in Retry-After, once', rateLimitedUntil, 900),
  recovers('429 with an invalid Retry-After, once', rateLimited({ 'retry-after': '-1' }), 10),
  permanent('429 with Retry-After: one hour', rateLimited({ 'retry-after': '3600' }), 503, 'llm_rate_limited', '3600'),
  permanent(
    '429 with Retry-After: 3,000 years',
    rateLimited({ 'retry-after': '99999999999' }),
    503,
    'llm_rate_limited',
    '31536000',
  ),
  permanent(
    '503 with Retry-After: one hour',
    error(503, 'x', { 'retry-after': '3600' }),
    503,
    'llm_unavailable',
    '3600',
  ),
  ...[
    'insufficient_quota',
    'credit_balance_exhausted',
    'project_spend_limit_exceeded',
    'organization_usage_limit_exceeded',
  ].map((code) => permanent(`429 ${code}`, error(429, code), 503, 'llm_quota_exhausted')),
  persistent('500', error(500), 503, 'llm_unavailable'),
  recovers('500, once', error(500), 0),
  persistent('503 with HTML', html(503), 503, 'llm_unavailable'),
  persistent(
    'a connection reset before the response',
    (response) => void response.socket?.destroy(),
    503,
    'llm_unavailable',
  ),
  persistent('a connection reset within the body', resetInBody, 503, 'llm_unavailable'),
  { ...persistent('no response', () => {}, 504, 'llm_timeout'), minMs: 1200 },
  { ...persistent('one byte per second', slowBody, 504, 'llm_timeout'), minMs: 1200 },
  HUGE_BODY,
  permanent('a redirect', { status: 307, headers: { location: '/v1/elsewhere' } }, 502, 'llm_rejected'),
  invalidOutput('200 with HTML', html(200)),
  invalidOutput('200 with broken JSON', { body: '{"provider words' }),
  invalidOutput('200 without a body', { body: '' }),
  invalidOutput('200 with null', { body: 'null' }),
  invalidOutput('200 with an empty object', { body: {} }),
  invalidOutput('no output', completed('', { output: [] })),
  invalidOutput('an answer that is not JSON', completed('provider words')),
  invalidOutput('a missing field', completed({ ...OUTPUT, summary: undefined })),
  invalidOutput('an unknown category', completed({ ...OUTPUT, category: 'invoices' })),
  invalidOutput('an empty summary', completed({ ...OUTPUT, summary: '' })),
  invalidOutput('a summary of 601 emoji', completed({ ...OUTPUT, summary: '😀'.repeat(601) })),
  invalidOutput('a reply of 2001 emoji', completed({ ...OUTPUT, reply_draft: '😀'.repeat(2001) })),
  invalidOutput('a summary with U+0000', completed({ ...OUTPUT, summary: 'a\0' })),
  invalidOutput('a reply with a lone surrogate', completed({ ...OUTPUT, reply_draft: '\ud800' })),
  permanent('status failed: insufficient_quota', failed('insufficient_quota'), 503, 'llm_quota_exhausted'),
  permanent('status failed: invalid_prompt', failed('invalid_prompt'), 502, 'llm_rejected'),
  {
    ...persistent('status failed: rate_limit_exceeded', failed('rate_limit_exceeded'), 503, 'llm_rate_limited'),
    retryAfter: '5',
  },
  persistent('status cancelled', completed('', { status: 'cancelled', output: [] }), 503, 'llm_unavailable'),
  recovers('an unknown category, once', completed({ ...OUTPUT, category: 'invoices' }), 0),
  permanent('a refusal', withContent({ type: 'refusal', refusal: 'provider words' }), 502, 'llm_refused'),
  permanent('status incomplete: content_filter', incomplete('content_filter'), 502, 'llm_content_filtered'),
  permanent('status incomplete: max_output_tokens', incomplete('max_output_tokens'), 502, 'llm_truncated'),
  persistent('status failed', completed('', { status: 'failed', output: [] }), 503, 'llm_unavailable'),
  {
    name: 'no request id and no usage',
    responses: [{ ...completed(OUTPUT, { usage: undefined }), headers: {} }],
    calls: 1,
    status: 200,
  },
  ...ANSWER_SHAPES,
  ...FAILURE_SHAPES,
];
