import { APIConnectionError, APIError } from 'openai';
import { AppError, type ErrorCode } from '../errors.ts';

/** What a status of the provider means, and what our client is told; other statuses are `llm_unavailable`. */
const BY_STATUS: Record<number, [ErrorCode, string]> = {
  400: ['llm_rejected', 'the model provider rejected the request'],
  401: ['llm_unauthorized', 'the model provider refused the key'],
  403: ['llm_unauthorized', 'the model provider refused the key'],
  404: ['llm_rejected', 'the model provider rejected the request'],
  408: ['llm_timeout', 'the model provider did not answer in time'],
  422: ['llm_rejected', 'the model provider rejected the request'],
  429: ['llm_rate_limited', 'the model provider limits the rate of calls'],
};

/** The codes of a 429 that waiting does not mend. */
const QUOTA_CODE = /^(?:insufficient_quota|credit_balance_exhausted|\w*_(?:spend|usage)_limit_exceeded)$/;

/**
 * What the official client threw, as an error of ours. An `APIError`'s message is the provider's words, which may
 * quote the ticket or the key, so only its status and codes come along.
 */
export function toAppError(error: unknown, signal: AbortSignal): AppError {
  if (signal.aborted) return new AppError('llm_timeout', 'the model provider did not answer in time');
  if (error instanceof APIConnectionError) {
    return new AppError('llm_unavailable', 'the model provider could not be reached', { cause: error });
  }
  if (!(error instanceof APIError) || error.status === undefined) {
    // The client could not make sense of the body; its error quotes it.
    return new AppError('llm_invalid_output', 'the model provider answered with something unreadable');
  }

  const { status, code, type, requestID: openai_request_id } = error;
  const context = { openai_request_id, provider: { status, code: word(code), type: word(type) } };
  if (status === 429 && (QUOTA_CODE.test(String(code)) || QUOTA_CODE.test(String(type)))) {
    return new AppError('llm_quota_exhausted', "the model provider's quota or spending limit is used up", context);
  }
  const [ours, detail] = BY_STATUS[status] ?? ['llm_unavailable', 'the model provider is unavailable'];
  return new AppError(ours, detail, context);
}

/** A provider's error code if it is one word, which no sentence of the ticket is. */
const word = (value: unknown) => (typeof value === 'string' && /^[\w.-]{1,64}$/.test(value) ? value : undefined);
