import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { AppError, type ErrorCode } from '../errors.ts';
import { makeProblem, type Problem } from '../schemas/problem.ts';
import { validationErrors } from './validation.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The `code` of the problem document that answered the request. */
    errorCode: ErrorCode | undefined;
  }
}

/** `Retry-After` in seconds where the error itself has none. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = { llm_rate_limited: 5, overloaded: 5, storage_unavailable: 5 };

/** Errors of Fastify and its plugins that have a code of their own here. */
const FASTIFY_ERRORS: Record<string, [ErrorCode, string]> = {
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'the body is not as long as Content-Length says'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'the body is too large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'the body must be application/json'],
};

/** Answers every error with a problem document. */
export const errors = fp(async (app) => {
  app.decorateRequest('errorCode', undefined);
  app.setErrorHandler(errorHandler);
});

function errorHandler(error: FastifyError | AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request);
  request.errorCode = problem.code;
  if (problem.status >= 500) logError(error, problem, request);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="tickets"');
  const retryAfterMs = error instanceof AppError ? error.retryAfterMs : undefined;
  const retryAfter = retryAfterMs === undefined ? RETRY_AFTER[problem.code] : Math.ceil(retryAfterMs / 1000);
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  // Fastify closes the connection after a body that it rejects; requests that are on their way would be lost.
  // `closeLingeringUpload` suffices. A server that shuts down sets the header on the raw response.
  if (!reply.raw.hasHeader('connection')) reply.removeHeader('connection');
  return reply.code(problem.status).type('application/problem+json').send(problem);
}

function toProblem(error: FastifyError | AppError, request: FastifyRequest): Problem {
  const { id } = request;
  if (error instanceof AppError) {
    const { code, message, errors, openai_request_id } = error;
    return {
      ...makeProblem(id, code, message),
      ...(errors && { errors }),
      ...(openai_request_id && { openai_request_id }),
    };
  }
  if (error.validation) {
    return { ...makeProblem(id, 'invalid_input', 'invalid input'), errors: validationErrors(request) };
  }
  const known = FASTIFY_ERRORS[error.code];
  if (known) return makeProblem(id, ...known);
  if (error.statusCode === 416) return makeProblem(id, 'bad_request', 'the range cannot be satisfied');
  if (error.statusCode && error.statusCode < 500) return makeProblem(id, 'bad_request', 'the request cannot be read');
  return makeProblem(id, 'internal_error', 'internal error');
}

/** Logs a bug with its stack, and an expected error with its details. The errors of runs are in the runs' own lines. */
function logError(error: FastifyError | AppError, { code, detail }: Problem, { log }: FastifyRequest): void {
  if (!(error instanceof AppError)) {
    if (code === 'internal_error') log.error({ err: error, code }, detail);
    else log.warn({ code }, detail);
  } else if (code !== 'internal_error' && !code.startsWith('llm_')) {
    log.warn({ ...error.details, code }, detail);
  }
}
