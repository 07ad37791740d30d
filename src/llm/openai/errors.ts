import { APIConnectionError, APIError } from 'openai';
import type { AppError } from '../../errors.ts';
import type { TokenUsage } from '../../schemas/result.ts';
import { llmError } from '../errors.ts';
import { readErrorBody } from './error-body.ts';
import { isKnownWord, toLlmErrorCode } from './error-codes.ts';
import { parseRetryAfter } from './retry-after.ts';
import { type SensitiveInput, sanitizeIdentifier, singleToken } from './sanitize.ts';

/**
 * Translates an error of the official client. The message of an `APIError` is text of the provider, which may quote the
 * ticket or the key. Only its status and codes are kept.
 */
export function toAppError(error: unknown, signal: AbortSignal, sent: SensitiveInput, hint?: string): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof APIConnectionError) {
    return llmError('llm_unavailable', { cause: error, details: { provider: { cause: networkErrorCode(error) } } });
  }
  // The client writes the error body as JSON, which overflows the stack if it is nested thousands of times.
  if (error instanceof RangeError) return llmError('llm_unavailable', { cause: error });
  if (!(error instanceof APIError) || error.status === undefined) return error;
  return providerError({ status: error.status, headers: error.headers, body: error.error, hint }, sent);
}

export interface ErrorResponse {
  status: number;
  headers: Headers | undefined;
  /** The error in the body; undefined if the body is empty or not JSON. */
  body: unknown;
  usage?: TokenUsage;
  /** What the operator can change if the request was rejected. */
  hint?: string | undefined;
}

/** The error for a response that reports one, by its status or, with status 2xx, by its body. */
export function providerError({ status, headers, body, usage, hint }: ErrorResponse, sent: SensitiveInput): AppError {
  const { words, code, type, ...error } = readErrorBody(body);
  const isPage = body === undefined && headers?.get('content-type')?.startsWith('text/') === true;
  const isOk = status < 300;
  const llmCode = toLlmErrorCode({ status: isOk ? (error.status ?? 200) : status, words, isPage });
  const isQuota = llmCode === 'llm_quota_exhausted'; // waiting does not help
  const logged = (word: string | undefined) =>
    isOk && word && !isKnownWord(word) && !isStatus(word) ? undefined : singleToken(word, sent);
  return llmError(llmCode, {
    openai_request_id: sanitizeIdentifier(headers?.get('x-request-id'), sent),
    retryAfterMs: isQuota ? undefined : (parseRetryAfter(headers) ?? error.retryAfterMs),
    details: {
      provider: { status, code: logged(code), type: logged(type) },
      ...(usage && { usage }),
      hint: llmCode === 'llm_rejected' ? hint : undefined,
    },
  });
}

const isStatus = (word: string) => /^\d{3}$/.test(word);

/** The code of the innermost error that has one: the client wraps undici's errors, and undici those of Node. */
function networkErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return networkErrorCode(error.cause) ?? (typeof code === 'string' ? code : undefined);
}
