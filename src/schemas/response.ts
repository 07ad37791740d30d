import { STATUS_CODES } from 'node:http';
import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox';
import { exampleOf } from './examples.ts';
import { PROBLEM_STATUS, Problem } from './problem.ts';
import { type DocumentedCode, problemExample } from './problem-examples.ts';

interface Header {
  type: 'string' | 'integer';
  description: string;
}
type Headers = Record<string, Header>;

const RETRY_AFTER: Headers = {
  'Retry-After': { type: 'integer', description: 'After how many seconds a retry makes sense, if that is known.' },
};
const PROBLEM_HEADERS: Record<number, Headers> = {
  401: { 'WWW-Authenticate': { type: 'string', description: 'The authentication scheme: `Bearer`.' } },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
};

/** Refers to a schema that the app knows by its `$id`, so that the OpenAPI document defines it once. */
const ref = <T extends TSchema>(schema: T) => Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` });

/** A successful JSON answer. The app must know the schema if it has an `$id`. */
export const ok = <T extends TObject>(schema: T, description: string, example: Partial<Static<T>> = {}) => ({
  description,
  content: {
    'application/json': {
      schema: schema.$id ? ref(schema) : Type.Unsafe<Static<T>>(schema),
      example: { ...exampleOf(schema), ...example },
    },
  },
});

const problem = (description: string, examples: Problem[], headers?: Headers) => ({
  description,
  headers,
  content: {
    'application/problem+json': {
      schema: ref(Problem),
      examples: Object.fromEntries(examples.map((value) => [value.code, { value }])),
    },
  },
});

/**
 * The errors that a route may answer with, by status, for its `response` schema.
 *
 * @param invalid the `errors` in the example of `invalid_input`
 */
export function problems(
  codes: DocumentedCode[],
  invalid?: Problem['errors'],
): { default: ReturnType<typeof problem> } {
  const byStatus = [...Map.groupBy(codes, (code) => PROBLEM_STATUS[code])];
  const responses = byStatus.map(([status, group]) => {
    const title = `${STATUS_CODES[status]}: ${group.map((code) => `\`${code}\``).join(' or ')}.`;
    const examples = group.map((code) => problemExample(code, invalid));
    return [status, problem(title, examples, PROBLEM_HEADERS[status])];
  });
  return { ...Object.fromEntries(responses), default: problem('Any other error.', [problemExample('internal_error')]) };
}
