import { APIConnectionError, APIError } from 'openai';
import { llmError } from '../errors.ts';
import { toLlmErrorCode } from './error-codes.ts';
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
  if (!(error instanceof APIError) || error.status === undefined) return error;

  const { status, code, type, requestID, headers } = error;
  const llmCode = toLlmErrorCode({ status, code, type });
  return llmError(llmCode, {
    openai_request_id: sanitizeIdentifier(requestID, sent),
    retryAfterMs: llmCode === 'llm_quota_exhausted' ? undefined : parseRetryAfter(headers), // waiting does not help
    details: {
      provider: { status, code: singleToken(code, sent), type: singleToken(type, sent) },
      hint: llmCode === 'llm_rejected' ? hint : undefined,
    },
  });
}

/** The code of the innermost error that has one: the client wraps undici's errors, and undici those of Node. */
function networkErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return networkErrorCode(error.cause) ?? (typeof code === 'string' ? code : undefined);
}
