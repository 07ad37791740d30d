import { APIConnectionError, APIError } from 'openai';
import { AppError } from '../../errors.ts';
import { llmError } from '../llm-error.ts';

/** What the provider's status means; any other is `llm_unavailable`, a redirect `llm_rejected`. */
const BY_STATUS = {
  400: 'llm_rejected',
  401: 'llm_unauthorized',
  403: 'llm_unauthorized',
  404: 'llm_rejected',
  408: 'llm_timeout',
  422: 'llm_rejected',
  429: 'llm_rate_limited',
} as const;

/** The codes of a 429 that waiting does not mend. */
const QUOTA = /^(?:insufficient_quota|credit_balance_exhausted|\w*_(?:spend|usage)_limit_exceeded)$/;

/**
 * What the official client threw, as an error of ours. An `APIError`'s message is the provider's words, which may
 * quote the ticket or the key, so only its status and codes come along.
 */
export function toAppError(error: unknown, signal: AbortSignal): AppError {
  if (signal.aborted) return signal.reason instanceof AppError ? signal.reason : llmError('llm_timeout');
  if (error instanceof APIConnectionError) {
    return error.cause instanceof AppError ? error.cause : llmError('llm_unavailable', { cause: error });
  }
  // The client could not make sense of the body, and its error quotes it.
  if (!(error instanceof APIError) || error.status === undefined) return llmError('llm_invalid_output');

  const { status, code, type, requestID: openai_request_id } = error;
  const details = { status, code: word(code), type: word(type) };
  const context = { openai_request_id, details, retryAfterMs: retryAfterMs(error.headers) };
  if (status === 429 && [code, type].some((value) => QUOTA.test(String(value)))) {
    return llmError('llm_quota_exhausted', { ...context, retryAfterMs: undefined });
  }
  if (status < 400) return llmError('llm_rejected', context);
  return llmError(BY_STATUS[status as keyof typeof BY_STATUS] ?? 'llm_unavailable', context);
}

/** A provider's error code if it is one word, which no sentence of the ticket is. */
const word = (value: unknown) => (typeof value === 'string' && /^[\w.-]{1,64}$/.test(value) ? value : undefined);

/** How long the provider asks to wait, in ms: `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110). */
function retryAfterMs(headers: Headers | undefined): number | undefined {
  const after = headers?.get('retry-after') ?? '';
  const candidates = [
    Number.parseFloat(headers?.get('retry-after-ms') ?? ''),
    /^\d+(?:\.\d+)?$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now(),
  ];
  const wait = candidates.find((ms) => Number.isFinite(ms));
  return wait === undefined ? undefined : Math.max(0, wait);
}
