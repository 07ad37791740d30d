/** Every way in which a request can fail: the stable `code` of the problem document. */
export const ERROR_CODES = [
  'ticket_not_found',
  'result_not_found',
  'run_not_found',
  'batch_not_found',
  'not_found',
  'unauthorized',
  'forbidden',
  'rate_limited',
  'method_not_allowed',
  'invalid_input',
  'idempotency_key_reused',
  'invalid_json',
  'body_too_large',
  'unsupported_media_type',
  'bad_request',
  'request_timeout',
  'headers_too_large',
  'internal_error',
  'storage_unavailable',
  'llm_unauthorized',
  'llm_rejected',
  'llm_quota_exhausted',
  'llm_rate_limited',
  'llm_unavailable',
  'llm_timeout',
  'llm_refused',
  'llm_content_filtered',
  'llm_truncated',
  'llm_invalid_output',
  'budget_exhausted',
  'overloaded',
  'shutting_down',
  'not_ready',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The problem document's `detail` for each way in which a model can fail. */
export const LLM_ERROR_DETAILS = {
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
} as const satisfies Record<Extract<ErrorCode, `llm_${string}`>, string>;

/**
 * What follows the failure of a background run. `retry`: the next run is queued for later. `pause`: the queue waits,
 * because the failure concerns every ticket. Without an entry the failure is final.
 */
export const BACKGROUND_FAILURES: Partial<Record<ErrorCode, 'retry' | 'pause'>> = {
  storage_unavailable: 'retry',
  llm_unavailable: 'retry',
  llm_timeout: 'retry',
  llm_invalid_output: 'retry',
  llm_rate_limited: 'retry',
  llm_unauthorized: 'pause',
  llm_quota_exhausted: 'pause',
  budget_exhausted: 'pause',
};

export interface FieldError {
  /** `path`, `query` or `body`, then the names of the fields. */
  loc: string[];
  msg: string;
}

interface ErrorContext {
  /** Its message must not contain text of a customer or a provider. */
  cause?: unknown;
  /** The provider's id of the failed call; clients and the log see it. */
  openai_request_id?: string | null | undefined;
  /** When another try makes sense; clients see it as `Retry-After`. */
  retryAfterMs?: number | undefined;
  /** The invalid parts of the request; clients see them. */
  errors?: FieldError[];
  /** For the log only: facts such as the provider's status and error code. No text of a customer or a provider. */
  details?: Record<string, unknown>;
}

/**
 * An expected failure. Clients read `message` as the problem document's `detail`, so it is a fixed sentence of this
 * service: never another error's message, a path, a key or a customer's text.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly openai_request_id: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly errors: FieldError[] | undefined;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, { cause: context.cause });
    this.code = code;
    this.openai_request_id = context.openai_request_id ?? undefined;
    this.retryAfterMs = context.retryAfterMs;
    this.errors = context.errors;
    this.details = { ...context.details };
  }
}

export const hasCode = (error: unknown, code: ErrorCode): error is AppError =>
  error instanceof AppError && error.code === code;

/** A startup failure that the operator can fix. Only `message` is printed. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
