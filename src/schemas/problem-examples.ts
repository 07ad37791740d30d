import { type ErrorCode, LLM_ERROR_DETAILS } from '../errors.ts';
import { makeProblem, type Problem } from './problem.ts';

const REQUEST_ID = '0b6f7a52-9f1d-4c1e-8a55-3f1c2d9e7b40';

/** Errors that every route for tickets, runs and usage has. */
export const COMMON_ERRORS = [
  'unauthorized',
  'forbidden',
  'rate_limited',
  'invalid_input',
  'storage_unavailable',
  'overloaded',
] as const;

/** The `detail` of each documented error, as the service words it. */
const DETAILS = {
  ticket_not_found: 'ticket not found',
  result_not_found: 'result not found',
  run_not_found: 'run not found',
  unauthorized: 'a valid API key is needed',
  forbidden: 'pages of other sites have no access',
  rate_limited: 'too many requests',
  invalid_input: 'invalid input',
  idempotency_key_reused: 'the Idempotency-Key was used for another request',
  invalid_json: 'the body is not valid JSON: it ends too early, at line 1, column 2',
  body_too_large: 'the body is too large',
  unsupported_media_type: 'the body must be application/json',
  bad_request: 'the request cannot be read as HTTP',
  internal_error: 'internal error',
  storage_unavailable: 'the database cannot be used now',
  ...LLM_ERROR_DETAILS,
  budget_exhausted: "today's budget for the model is used up",
  overloaded: 'the server is overloaded',
  shutting_down: 'the server is shutting down',
  not_ready: 'database_write',
} as const satisfies Partial<Record<ErrorCode, string>>;

type DocumentedCode = keyof typeof DETAILS;

/** What the errors about a request say, apart from `invalid_input`. */
const ERRORS: Partial<Record<DocumentedCode, Problem['errors']>> = {
  invalid_json: [{ loc: ['body'], msg: DETAILS.invalid_json }],
  idempotency_key_reused: [{ loc: ['header', 'idempotency-key'], msg: 'was used with other fields' }],
};

/** An example of each error. `errors` goes into that of `invalid_input`. */
export const problemExamples = (codes: DocumentedCode[], errors: Problem['errors'] = []): Problem[] =>
  codes.map((code) => {
    const problem = makeProblem(REQUEST_ID, code, DETAILS[code]);
    const invalid = code === 'invalid_input' ? errors : ERRORS[code];
    return invalid ? { ...problem, errors: invalid } : problem;
  });
