import { STATUS_CODES } from 'node:http';
import { type Static, Type } from '@sinclair/typebox';
import { ERROR_CODES, type ErrorCode } from '../errors.ts';
import { StringEnum } from './text.ts';

/** An error as in RFC 9457, with the members that this service adds. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Always `about:blank`: `code` identifies the error.', examples: ['about:blank'] }),
    title: Type.String({ description: 'The name of the HTTP status.', examples: ['Not Found'] }),
    status: Type.Integer({ description: 'The HTTP status.', examples: [404] }),
    detail: Type.String({ description: 'What went wrong, for people.', examples: ['ticket not found'] }),
    code: StringEnum(ERROR_CODES, {
      description: 'What went wrong, for programs. Codes are stable.',
      examples: ['ticket_not_found'],
    }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          loc: Type.Array(Type.String(), {
            description:
              'The path of the invalid value: `path`, `query`, `body` or `header`, then the names of the fields.',
            examples: [['body', 'raw_text']],
          }),
          msg: Type.String({ description: 'What is wrong with the value.', examples: ['is missing'] }),
        }),
        { description: 'With status 422: every invalid part of the request.' },
      ),
    ),
    request_id: Type.String({
      description: 'The `reqId` of the log lines of this request; also in the header `X-Request-Id`.',
      examples: ['0b6f7a52-9f1d-4c1e-8a55-3f1c2d9e7b40'],
    }),
    openai_request_id: Type.Optional(
      Type.String({ description: "The provider's id of the failed call.", examples: ['req_8f2c41d09b7e'] }),
    ),
  },
  { $id: 'Problem', description: 'An error as in RFC 9457.' },
);
export type Problem = Static<typeof Problem>;

/** The HTTP status of each error code. */
const STATUS: Record<ErrorCode, number> = {
  ticket_not_found: 404,
  result_not_found: 404,
  run_not_found: 404,
  not_found: 404,
  unauthorized: 401,
  forbidden: 403,
  rate_limited: 429,
  method_not_allowed: 405,
  invalid_input: 422,
  idempotency_key_reused: 422,
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
  budget_exhausted: 503,
  overloaded: 503,
  shutting_down: 503,
  not_ready: 503,
};

/** A problem document with the members that every error has. */
export function makeProblem(request_id: string, code: ErrorCode, detail: string): Problem {
  const status = STATUS[code];
  return { type: 'about:blank', title: STATUS_CODES[status] ?? '', status, detail, code, request_id };
}
