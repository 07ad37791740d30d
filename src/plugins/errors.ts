import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorCode } from '../errors.ts';
import { makeProblem, type Problem } from '../schemas/problem.ts';
import { validationErrors } from './validation.ts';

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
    return { ...makeProblem(id, code, message), ...(openai_request_id ? { openai_request_id } : {}) };
  }
  if (error.validation)
    return { ...makeProblem(id, 'invalid_input', 'invalid input'), errors: validationErrors(request) };
  const known = FASTIFY_ERRORS[error.code];
  if (known) return unreadable(makeProblem(id, ...known));
  if (error.statusCode && error.statusCode < 500) return makeProblem(id, 'bad_request', 'the request cannot be read');
  return makeProblem(id, 'internal_error', 'internal error');
}

/** A body that is not JSON is told in the same form as a field that is wrong. */
const unreadable = (body: Problem): Problem =>
  body.code === 'invalid_json' ? { ...body, errors: [{ loc: ['body'], msg: body.detail }] } : body;
