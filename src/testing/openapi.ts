import { Ajv, type AnySchemaObject, type ValidateFunction } from 'ajv';
import { AJV_OPTIONS } from '../schemas/ajv.ts';
import { isDate } from '../schemas/date.ts';
import type { Problem } from '../schemas/problem.ts';
import type { Answer } from './raw-http.ts';

interface MediaType {
  schema?: AnySchemaObject;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface Content {
  content?: Record<string, MediaType>;
}
interface OpenApi {
  paths: Record<string, Record<string, DocumentedOperation>>;
}
interface DocumentedOperation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema: AnySchemaObject;
    example?: unknown;
  }[];
  requestBody?: Content;
  responses: Record<string, Content & { description?: string }>;
}

/** Validators of an operation's answers: by status or `default`, then by content type. */
export type Answers = Record<string, Record<string, ValidateFunction>>;

export interface Operation extends DocumentedOperation {
  /** In capitals. */
  method: string;
  /** With `{name}` for each parameter. */
  path: string;
  answers: Answers;
}

/** The operations of an OpenAPI document whose parameters and bodies are not in references. */
export function readOpenApi(document: OpenApi) {
  // Not strict: the document around the schemas is not a schema.
  const formats = { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, date: isDate };
  const ajv = new Ajv({ ...AJV_OPTIONS, strict: false, formats });
  ajv.addSchema(document, 'openapi');
  const compileAt = (...path: string[]) => {
    const pointer = path.map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')));
    return ajv.compile({ $ref: `openapi#/${pointer.join('/')}` });
  };
  const compileAnswers = (path: string, method: string, { responses }: DocumentedOperation): Answers =>
    mapValues(responses, ({ content = {} }, status) =>
      mapValues(content, (_, type) => compileAt('paths', path, method, 'responses', status, 'content', type, 'schema')),
    );
  return {
    operations: Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, documented]): Operation => ({
          ...documented,
          method: method.toUpperCase(),
          path,
          answers: compileAnswers(path, method, documented),
        }),
      ),
    ),
    /** The answers of paths that the document does not have. */
    noRoute: {
      default: { 'application/problem+json': compileAt('components', 'schemas', 'Problem') },
    } satisfies Answers,
  };
}

/** How an answer differs from the documentation; undefined if it does not. A HEAD has no body. */
export function findMismatch({ status, type, body }: Answer, answers: Answers): string | undefined {
  if (status >= 500) return `it is a ${status}: ${body}`;
  const documented = answers[status] ?? answers.default;
  if (status === 204 && documented) return body ? `a 204 has a body: ${body}` : undefined;
  const validate = documented?.[type];
  if (!validate) return `a ${status} of ${type || 'no type'} is not documented: ${body}`;
  if (body === undefined) return undefined;
  const value: unknown = type.endsWith('json') ? JSON.parse(body) : body;
  if (!validate(value)) return `${JSON.stringify(validate.errors)}: ${body}`;
  if (status >= 400 && (value as Problem).status !== status) return `the body's status is not ${status}: ${body}`;
  return undefined;
}

const mapValues = <From, To>(object: Record<string, From>, map: (value: From, key: string) => To) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
