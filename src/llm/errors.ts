import { AppError, LLM_ERROR_DETAILS } from '../errors.ts';
import { NO_USAGE, type TokenUsage } from '../schemas/result.ts';

export type LlmErrorCode = keyof typeof LLM_ERROR_DETAILS;

/** Facts about a failed provider call. The log line of the run shows them. */
export interface LlmErrorDetails {
  provider?: {
    /** HTTP status of the response; undefined if there was none. */
    status?: number;
    /** Error code and type in the response. */
    code?: string | undefined;
    type?: string | undefined;
    /** Code of a network failure, for example `ECONNREFUSED`, `UND_ERR_SOCKET` or `CERT_HAS_EXPIRED`. */
    cause?: string | undefined;
  };
  /** An unusable answer costs tokens, too. */
  usage?: TokenUsage;
  /** What the operator can change. */
  hint?: string | undefined;
  /** Why the answer is invalid: the field and the rule that it breaks. */
  output?: string;
}

export interface LlmErrorContext {
  cause?: unknown;
  openai_request_id?: string | null;
  retryAfterMs?: number | undefined;
  details?: LlmErrorDetails;
}

/** An error of the model or its provider. */
export const llmError = (code: LlmErrorCode, context: LlmErrorContext = {}): AppError =>
  new AppError(code, LLM_ERROR_DETAILS[code], { ...context, details: { ...context.details } });

/** Tokens that a failed call has cost. */
export const usageOf = (error: unknown): TokenUsage =>
  (error instanceof AppError && (error.details as LlmErrorDetails).usage) || NO_USAGE;
