import { type Behaviour, chatCompleted, completed } from './provider.ts';
import { type ProviderFault, permanent, persistent } from './provider-fault.ts';

const words = 'provider words: sk-test I cannot login';

/** HTTP statuses of the service for its error codes. */
const SERVICE_STATUS: Record<string, number> = {
  llm_quota_exhausted: 503,
  llm_rate_limited: 503,
  llm_unavailable: 503,
  llm_timeout: 504,
};
const RETRIED = ['llm_rate_limited', 'llm_unavailable', 'llm_timeout', 'llm_invalid_output'];

function fault(name: string, response: Behaviour, code: string): ProviderFault {
  const create = RETRIED.includes(code) ? persistent : permanent;
  const row = create(name, response, SERVICE_STATUS[code] ?? 502, code);
  return code === 'llm_rate_limited' ? { ...row, retryAfter: '5' } : row;
}
const chat = (row: ProviderFault): ProviderFault => ({ ...row, api: 'chat' });

/** A body with status 200 that reports a failure; the same for both APIs. */
const inside200 = (name: string, body: unknown, code: string): ProviderFault[] => {
  const row = fault(`200 ${name}`, { body }, code);
  return [chat(row), row];
};
const error = (fields: object) => ({ error: { message: words, ...fields } });
const http = (status: number, name: string, body: unknown, code: string) =>
  fault(`${status} ${name}`, { status, body }, code);
const page = (status: number, code: string): ProviderFault =>
  fault(`${status} with a page`, { status, headers: { 'content-type': 'text/html' }, body: '<p>provider words' }, code);

/** An answer that ended for this reason, with and without a message. */
const ended = (finish_reason: string, code: string, choice: object = {}): ProviderFault[] => [
  chat(
    fault(`finish_reason ${finish_reason}`, chatCompleted({ content: '{"summ' }, { choice: { finish_reason } }), code),
  ),
  chat(
    fault(`finish_reason ${finish_reason}, no message`, { body: { choices: [{ finish_reason, ...choice }] } }, code),
  ),
];

const GOOGLE_RETRY = {
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay: '17s',
};
const googleError = (code: number, status: string, details: unknown[] = []) => error({ code, status, details });

/** Failures in the shapes of many providers. */
export const FAILURE_SHAPES: ProviderFault[] = [
  ...inside200('error.code 429', error({ code: 429 }), 'llm_rate_limited'),
  ...inside200('error.code "429"', error({ code: '429' }), 'llm_rate_limited'),
  ...inside200('error.code 402', error({ code: 402 }), 'llm_quota_exhausted'),
  ...inside200('error.code 401', error({ code: 401 }), 'llm_unauthorized'),
  ...inside200('error.code 403', error({ code: 403 }), 'llm_unauthorized'),
  ...inside200('error.code 502', error({ code: 502, metadata: { provider_name: 'x' } }), 'llm_unavailable'),
  ...inside200('error.code 400', error({ code: 400 }), 'llm_rejected'),
  ...inside200('insufficient_quota', error({ code: 'insufficient_quota' }), 'llm_quota_exhausted'),
  ...inside200('invalid_api_key', error({ code: 'invalid_api_key' }), 'llm_unauthorized'),
  ...inside200('invalid_request_error', error({ type: 'invalid_request_error' }), 'llm_rejected'),
  ...inside200('an error without a code', error({}), 'llm_unavailable'),
  ...inside200('an error as text', { error: words }, 'llm_unavailable'),
  ...inside200('object error', { object: 'error', message: words, code: 404 }, 'llm_rejected'),
  ...inside200('an error as text beside a code', { error: words, code: 429 }, 'llm_rate_limited'),
  ...inside200('an error that is true beside a code', { error: true, message: words, code: 401 }, 'llm_unauthorized'),
  ...inside200('a code without an error', { success: false, message: words, code: 402 }, 'llm_quota_exhausted'),
  ...inside200('a list with an error', [error({ code: 429 })], 'llm_rate_limited'),
  ...ended('error', 'llm_unavailable'),
  chat(
    fault(
      'finish_reason error with a code',
      chatCompleted({ content: '' }, { choice: { finish_reason: 'error', error: { code: 402, message: words } } }),
      'llm_quota_exhausted',
    ),
  ),
  {
    ...fault(
      'status failed: content_filter',
      completed('', { status: 'failed', ...error({ code: 'content_filter' }) }),
      'llm_content_filtered',
    ),
    logged: { provider: { status: 200, code: 'content_filter' } },
  },

  http(402, 'Payment Required', error({ code: 'invalid_request_error', type: 'unknown_error' }), 'llm_quota_exhausted'),
  http(429, 'billing_not_active', error({ code: 'billing_not_active' }), 'llm_quota_exhausted'),
  http(403, 'billing_not_active', error({ code: 'billing_not_active' }), 'llm_quota_exhausted'),
  http(400, 'billing_hard_limit_reached', error({ code: 'billing_hard_limit_reached' }), 'llm_quota_exhausted'),
  http(429, 'exceeded_current_quota_error', error({ type: 'exceeded_current_quota_error' }), 'llm_quota_exhausted'),
  http(403, 'exceeded_current_quota_error', error({ type: 'exceeded_current_quota_error' }), 'llm_quota_exhausted'),
  http(
    400,
    'json_validate_failed',
    error({ code: 'json_validate_failed', failed_generation: words }),
    'llm_invalid_output',
  ),
  http(
    400,
    'content_filter in innererror',
    error({ code: null, innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: {} } }),
    'llm_content_filtered',
  ),
  http(
    400,
    'content_filter deep inside',
    error({ details: [{ inner: { code: 'content_filter' } }] }),
    'llm_content_filtered',
  ),
  http(
    400,
    'content_filter in a quoted error',
    error({ metadata: { raw: JSON.stringify(error({ code: 'content_filter' })) } }),
    'llm_content_filtered',
  ),
  http(400, 'data_inspection_failed', error({ code: 'data_inspection_failed' }), 'llm_content_filtered'),
  http(403, 'metadata.reasons', error({ code: 403, metadata: { reasons: ['violence'] } }), 'llm_content_filtered'),
  http(403, 'metadata.flagged_input', error({ code: 403, metadata: { flagged_input: words } }), 'llm_content_filtered'),
  ...[
    'SAFETY',
    'PROHIBITED_CONTENT',
    'BLOCKLIST',
    'SPII',
    'RECITATION',
    'content_filter',
    'content_filter: SAFETY',
  ].flatMap((reason) => ended(reason, 'llm_content_filtered')),
  ...['length', 'LENGTH', 'model_length', 'max_tokens', 'MAX_TOKENS'].flatMap((reason) =>
    ended(reason, 'llm_truncated'),
  ),
  http(403, 'unsupported region', error({ code: 'unsupported_country_region_territory' }), 'llm_rejected'),
  page(403, 'llm_rejected'),
  page(401, 'llm_unauthorized'),
  http(499, 'cancelled', error({}), 'llm_unavailable'),
  http(498, 'capacity_exceeded', error({ code: 'capacity_exceeded' }), 'llm_unavailable'),
  http(424, 'Failed Dependency', error({}), 'llm_unavailable'),
  http(413, 'rate_limit_exceeded', error({ code: 'rate_limit_exceeded', type: 'tokens' }), 'llm_rate_limited'),
  http(429, 'a list', [googleError(429, 'RESOURCE_EXHAUSTED')], 'llm_rate_limited'),
  http(400, 'a list', [googleError(400, 'INVALID_ARGUMENT')], 'llm_rejected'),
  http(
    400,
    'API_KEY_INVALID',
    [googleError(400, 'INVALID_ARGUMENT', [{ reason: 'API_KEY_INVALID' }])],
    'llm_unauthorized',
  ),
  {
    ...permanent(
      '429 with retryDelay: 17s',
      { status: 429, body: [googleError(429, 'RESOURCE_EXHAUSTED', [{}, null, GOOGLE_RETRY])] },
      503,
      'llm_rate_limited',
      '17',
    ),
    logged: { retryAfterMs: 17_000 },
  },
  {
    ...permanent(
      '200 with error.code 429 and Retry-After',
      { headers: { 'retry-after': '9' }, body: error({ code: 429 }) },
      503,
      'llm_rate_limited',
      '9',
    ),
    logged: { provider: { status: 200, code: '429' } },
  },
  http(400, 'context_length_exceeded', error({ code: 'context_length_exceeded' }), 'llm_rejected'),
  http(500, 'context_length_exceeded', error({ code: 'context_length_exceeded' }), 'llm_rejected'),
  http(500, 'exceed_context_size_error', error({ type: 'exceed_context_size_error', n_ctx: 256 }), 'llm_rejected'),
  http(
    500,
    'Context size has been exceeded',
    { error: { message: 'Context size has been exceeded.' } },
    'llm_rejected',
  ),
  http(
    400,
    'maximum context length',
    { message: "This model's maximum context length is 4096 tokens." },
    'llm_rejected',
  ),
  http(500, 'an error as text', { error: words }, 'llm_unavailable'),
  http(500, 'a deep list', `{"error":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'llm_unavailable'),
  http(500, 'null items', { error: [null, { code: null, details: [null] }] }, 'llm_unavailable'),
];
