import { APIConnectionError, APIError } from 'openai';
import { AppError } from '../../errors.ts';
import { type LlmCode, llmError } from '../errors.ts';
import { type SensitiveInput, sanitizeIdentifier } from './sanitize.ts';

/** What the provider's status means; another of its own failures (5xx) is `llm_unavailable`, of ours `llm_rejected`. */
const BY_STATUS: Record<number, LlmCode> = {
  401: 'llm_unauthorized',
  403: 'llm_unauthorized',
  408: 'llm_timeout',
  409: 'llm_unavailable',
  429: 'llm_rate_limited',
};

/** The codes of a 429 that waiting does not mend. */
const QUOTA = /^(?:insufficient_quota|credit_balance_exhausted|\w*_(?:spend|usage)_limit_exceeded)$/;

/** What the error code of a response means that came with status 200 and then failed. */
export function codeOfFailure(code: string | null | undefined): LlmCode {
  if (QUOTA.test(code ?? '')) return 'llm_quota_exhausted';
  if (code === 'rate_limit_exceeded') return 'llm_rate_limited';
  return code === 'invalid_prompt' ? 'llm_rejected' : 'llm_unavailable';
}

/**
 * What the official client threw, as an error of ours. An `APIError`'s message is the provider's words, which may
 * quote the ticket or the key, so only its status and codes come along.
 */
export function toAppError(error: unknown, signal: AbortSignal, sent: SensitiveInput): unknown {
  if (signal.aborted) return signal.reason instanceof AppError ? signal.reason : llmError('llm_timeout');
  if (error instanceof APIConnectionError) {
    return error.cause instanceof AppError ? error.cause : llmError('llm_unavailable', { cause: error });
  }
  if (!(error instanceof APIError) || error.status === undefined) return error;

  const { status, code, type } = error;
  const openai_request_id = sanitizeIdentifier(error.requestID, sent);
  const context = {
    openai_request_id,
    details: { provider: { status, code: singleToken(code, sent), type: singleToken(type, sent) } },
  };
  if (code === 'content_filter') return llmError('llm_content_filtered', context); // Azure's, of the ticket itself
  if (status === 429 && [code, type].some((value) => QUOTA.test(String(value)))) {
    return llmError('llm_quota_exhausted', context);
  }
  const ours = BY_STATUS[status] ?? (status >= 500 ? 'llm_unavailable' : 'llm_rejected');
  return llmError(ours, { ...context, retryAfterMs: retryAfterMs(error.headers) });
}

/** A provider's error code if it is one word, which no sentence of the ticket is. */
const singleToken = (value: unknown, sent: SensitiveInput) =>
  /^[\w.-]{1,64}$/.exec(sanitizeIdentifier(value, sent) ?? '')?.[0];

/** A year: longer than any run, and a number that clients can read. */
const MAX_RETRY_AFTER_MS = 365 * 24 * 3600 * 1000;

/**
 * How long the provider asks to wait, in ms: `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110).
 * Undefined if it does not, or asks for nothing that makes sense.
 */
function retryAfterMs(headers: Headers | undefined): number | undefined {
  const after = headers?.get('retry-after') ?? '';
  const candidates = [number(headers?.get('retry-after-ms')), number(after) * 1000, date(after) - Date.now()];
  const wait = candidates.find((ms) => ms > 0);
  return wait && Math.min(wait, MAX_RETRY_AFTER_MS);
}

const number = (text: string | null | undefined) => (/^\d+(?:\.\d+)?$/.test(text ?? '') ? Number(text) : Number.NaN);
const date = (text: string) => (/^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN);
