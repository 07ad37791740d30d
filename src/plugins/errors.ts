import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorCode } from '../errors.ts';
import type { Problem } from '../schemas/problem.ts';
import { validationErrors } from './validation.ts';

/** The one table from what happened to what HTTP calls it. */
const STATUS: Record<ErrorCode, number> = {
  ticket_not_found: 404,
  result_not_found: 404,
  not_found: 404,
  unauthorized: 401,
  forbidden: 403,
  rate_limited: 429,
  method_not_allowed: 405,
  invalid_input: 422,
  invalid_json: 422,
  body_too_large: 413,
  unsupported_media_type: 415,
  bad_request: 400,
  request_timeout: 408,
  headers_too_large: 431,
  internal_error: 500,
  storage_unavailable: 503,
  llm_unauthorized: 502,
  llm_rejected: 502,
  llm_quota_exhausted: 503,
  llm_rate_limited: 503,
  llm_unavailable: 503,
  llm_timeout: 504,
  llm_refused: 502,
  llm_content_filtered: 502,
  llm_truncated: 502,
  llm_invalid_output: 502,
  overloaded: 503,
  shutting_down: 503,
  not_ready: 503,
};

/** In seconds, where nobody knows better. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = { llm_rate_limited: 5, overloaded: 5, storage_unavailable: 5 };

/** One answer for a key that is missing and one that is wrong. */
const NO_KEY: [ErrorCode, string] = ['unauthorized', 'a valid API key is needed'];

/** Errors of Fastify and its plugins that have a name here. */
const FASTIFY_ERRORS: Record<string, [ErrorCode, string]> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_json', 'the body is not readable JSON'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_json', 'the body is not readable JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'the body is not as long as Content-Length says'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'the body is too large'],
  FST_BEARER_AUTH_MISSING_AUTHORIZATION_HEADER: NO_KEY,
  FST_BEARER_AUTH_INVALID_AUTHORIZATION_HEADER: NO_KEY,
  FST_UNDER_PRESSURE: ['overloaded', 'the server has too much to do'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'the body must be application/json'],
};

/** A problem document with what each has. */
export function problem(request_id: string, code: ErrorCode, detail: string): Problem {
  const status = STATUS[code];
  return { type: 'about:blank', title: STATUS_CODES[status] ?? '', status, detail, code, request_id };
}

/** Fastify's error handler: every error leaves as a problem document, and a 5xx with its cause in the log. */
export function errorHandler(
  error: FastifyError | AppError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const body = describe(error, request);
  if (body.status >= 500) {
    request.log.error({ reqId: request.id, err: error, code: body.code }, body.detail);
  }
  if (body.status === 401) reply.header('www-authenticate', 'Bearer realm="tickets"');
  const wait = retryAfter(error, body.code);
  if (wait !== undefined) reply.header('retry-after', wait);
  // Fastify closes after a body that it refuses, and what a client has in flight then is lost; `closeLingeringUpload` is enough.
  // Where the server is shutting down, which is said on the response itself, the connection does end.
  if (!reply.raw.hasHeader('connection')) reply.removeHeader('connection');
  return reply.code(body.status).type('application/problem+json').send(body);
}

function retryAfter(error: FastifyError | AppError, code: ErrorCode): number | undefined {
  const ms = error instanceof AppError ? error.retryAfterMs : undefined;
  return ms === undefined ? RETRY_AFTER[code] : Math.ceil(ms / 1000);
}

function describe(error: FastifyError | AppError, request: FastifyRequest): Problem {
  const { id } = request;
  if (error instanceof AppError) {
    const { code, message, openai_request_id } = error;
    return { ...problem(id, code, message), ...(openai_request_id ? { openai_request_id } : {}) };
  }
  if (error.validation) return { ...problem(id, 'invalid_input', 'invalid input'), errors: validationErrors(request) };
  const known = FASTIFY_ERRORS[error.code];
  if (known) return unreadable(problem(id, ...known));
  if (error.statusCode && error.statusCode < 500) return problem(id, 'bad_request', 'the request cannot be read');
  return problem(id, 'internal_error', 'internal error');
}

/** A body that is not JSON is told in the same form as a field that is wrong. */
const unreadable = (body: Problem): Problem =>
  body.code === 'invalid_json' ? { ...body, errors: [{ loc: ['body'], msg: body.detail }] } : body;
