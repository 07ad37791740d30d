import { STATUS_CODES } from 'node:http';
import { type Static, type TObject, Type } from '@sinclair/typebox';
import { exampleOf } from './examples.ts';
import { Problem } from './problem.ts';
import { problemExamples } from './problem-examples.ts';
import { ref } from './ref.ts';

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

const problemResponse = (description: string, examples: Problem[], headers?: Headers) => ({
  description,
  headers,
  content: {
    'application/problem+json': {
      schema: ref(Problem),
      examples: Object.fromEntries(examples.map((value) => [value.code, { value }])),
    },
  },
});

/** For the `response` schema of every route: any error. */
export const anyProblem = problemResponse('Any other error.', problemExamples(['internal_error']));

/**
 * The documentation of errors by status. Not part of the `response` schemas, because Fastify would compile a serializer
 * for each status at every start.
 */
export function problemResponses(examples: Problem[]): Record<string, ReturnType<typeof problemResponse>> {
  const byStatus = [...Map.groupBy(examples, ({ status }) => status)];
  const responses = byStatus.map(([status, group]) => {
    const codes = group.map(({ code }) => `\`${code}\``).join(' or ');
    return [status, problemResponse(`${STATUS_CODES[status]}: ${codes}.`, group, PROBLEM_HEADERS[status])];
  });
  return Object.fromEntries(responses);
}
