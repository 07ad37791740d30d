import { AppError, type ErrorCode } from '../errors.ts';
import { NO_USAGE, type TokenUsage } from '../schemas/result.ts';

export type LlmErrorCode = Extract<ErrorCode, `llm_${string}`>;

/** The problem document's `detail` for each way in which a model can fail. */
const DETAIL: Record<LlmErrorCode, string> = {
  llm_unauthorized: 'the model provider refused the key',
  llm_rejected: 'the model provider rejected the request',
  llm_quota_exhausted: "the model provider's quota or spending limit is used up",
  llm_rate_limited: 'the model provider limits the rate of calls',
  llm_unavailable: 'the model provider is unavailable',
  llm_timeout: 'the model did not answer in time',
  llm_refused: 'the model refused to answer',
  llm_content_filtered: "the model provider's content filter stopped the answer",
  llm_truncated: "the model's answer was cut off",
  llm_invalid_output: "the model's answer does not have the required form",
};

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
  new AppError(code, DETAIL[code], { ...context, details: { ...context.details } });

/** Tokens that a failed call has cost. */
export const usageOf = (error: unknown): TokenUsage =>
  (error instanceof AppError && (error.details as LlmErrorDetails).usage) || NO_USAGE;
