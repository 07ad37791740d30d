import { type ErrorCode, LLM_ERROR_DETAILS } from '../errors.ts';
import { makeProblem, type Problem } from './problem.ts';

const REQUEST_ID = '0b6f7a52-9f1d-4c1e-8a55-3f1c2d9e7b40';

/** The `detail` of each documented error, as the service words it. */
const DETAILS = {
  ticket_not_found: 'ticket not found',
  result_not_found: 'result not found',
  unauthorized: 'a valid API key is needed',
  forbidden: 'pages of other sites have no access',
  rate_limited: 'too many requests',
  invalid_input: 'invalid input',
  invalid_json: 'the body is not valid JSON: it ends too early, at line 1, column 2',
  body_too_large: 'the body is too large',
  unsupported_media_type: 'the body must be application/json',
  bad_request: 'the request cannot be read as HTTP',
  internal_error: 'internal error',
  storage_unavailable: 'the database cannot be used now',
  ...LLM_ERROR_DETAILS,
  overloaded: 'the server is overloaded',
  shutting_down: 'the server is shutting down',
  not_ready: 'database_write',
} as const satisfies Partial<Record<ErrorCode, string>>;

type DocumentedCode = keyof typeof DETAILS;

/** An example of each error. `errors` goes into that of `invalid_input`. */
export const problemExamples = (codes: DocumentedCode[], errors: Problem['errors'] = []): Problem[] =>
  codes.map((code) => {
    const problem = makeProblem(REQUEST_ID, code, DETAILS[code]);
    if (code === 'invalid_json') return { ...problem, errors: [{ loc: ['body'], msg: problem.detail }] };
    return code === 'invalid_input' ? { ...problem, errors } : problem;
  });
