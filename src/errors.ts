/** Every way in which a request can fail, as the stable word that clients compare (`code` in the problem document). */
export const ERROR_CODES = [
  'ticket_not_found',
  'result_not_found',
  'not_found',
  'unauthorized',
  'forbidden',
  'rate_limited',
  'method_not_allowed',
  'invalid_input',
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
  'overloaded',
  'shutting_down',
  'not_ready',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface FieldError {
  /** `path`, `query` or `body`, then the names of the fields. */
  loc: string[];
  msg: string;
}

interface ErrorContext {
  /** For the log; its message holds no customer's or provider's words. */
  cause?: unknown;
  /** The provider's id of the call that failed; clients and the log see it. */
  openai_request_id?: string | null | undefined;
  /** After how long another try makes sense, in ms; clients see it as `Retry-After`. */
  retryAfterMs?: number | undefined;
  /** The invalid parts of the request; clients see them. */
  errors?: FieldError[];
  /** For the log only: facts such as the provider's status and error code, the attempts made. No message of others. */
  details?: Record<string, unknown>;
}

/**
 * An expected failure. `message` becomes the `detail` that the client reads, so it is a sentence of our own:
 * never an exception's text, a path, a key or somebody's words.
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

/** The service cannot start, for a reason that whoever starts it can mend; `message` is all that is shown. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
