import { Ajv, type AnySchemaObject, type ValidateFunction } from 'ajv';
import { AJV_OPTIONS } from '../schemas/ajv.ts';
import type { Problem } from '../schemas/problem.ts';
import type { Answer } from './raw-http.ts';

interface Content {
  content?: Record<string, { schema?: AnySchemaObject }>;
}
interface OpenApi {
  paths: Record<string, Record<string, Described>>;
}
interface Described {
  parameters?: { name: string; in: string; required?: boolean; schema: AnySchemaObject }[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

/** What a route may answer: by status or `default`, then by content type. */
export type Answers = Record<string, Record<string, ValidateFunction>>;

export interface Operation extends Described {
  /** In capitals. */
  method: string;
  /** With `{name}` for each parameter. */
  path: string;
  answers: Answers;
}

/** The operations of an OpenAPI document that does not nest its parameters or bodies in references. */
export function readOpenApi(document: OpenApi) {
  // Not strict: the document around the schemas is none itself.
  const ajv = new Ajv({ ...AJV_OPTIONS, strict: false, formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ } });
  ajv.addSchema(document, 'openapi');
  const at = (...path: string[]) => {
    const pointer = path.map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')));
    return ajv.compile({ $ref: `openapi#/${pointer.join('/')}` });
  };
  const answers = (path: string, method: string, { responses }: Described): Answers =>
    mapValues(responses, ({ content = {} }, status) =>
      mapValues(content, (_, type) => at('paths', path, method, 'responses', status, 'content', type, 'schema')),
    );
  return {
    operations: Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, described]): Operation => ({
          ...{ method: method.toUpperCase(), path, ...described },
          answers: answers(path, method, described),
        }),
      ),
    ),
    /** What is answered where the document has no such route. */
    noRoute: { default: { 'application/problem+json': at('components', 'schemas', 'Problem') } } satisfies Answers,
  };
}

/** What is wrong with an answer by what is documented; undefined if it is as it should be. Without a body: HEAD. */
export function wrongIn({ status, type, body }: Answer, answers: Answers): string | undefined {
  if (status >= 500) return `it is a ${status}: ${body}`;
  const documented = answers[status] ?? answers.default;
  const validate = documented?.[type];
  if (!validate) return `a ${status} of ${type || 'no type'} is not documented: ${body}`;
  if (body === undefined) return undefined;
  const value: unknown = type.endsWith('json') ? JSON.parse(body) : body;
  if (!validate(value)) return `${JSON.stringify(validate.errors)}: ${body}`;
  if (status >= 400 && (value as Problem).status !== status) return `a ${status} calls itself otherwise: ${body}`;
  return undefined;
}

const mapValues = <From, To>(object: Record<string, From>, map: (value: From, key: string) => To) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
