import { Ajv, type ErrorObject } from 'ajv';
import type { FastifyRequest, FastifySchema, FastifySchemaCompiler } from 'fastify';
import fp from 'fastify-plugin';
import type { FieldError } from '../errors.ts';
import { AJV_OPTIONS } from '../schemas/ajv.ts';
import { FORMATS } from '../schemas/date.ts';
import { PRINTABLE_ASCII, STORABLE } from '../schemas/patterns.ts';

const ajv = new Ajv({ ...AJV_OPTIONS, useDefaults: true, allErrors: true, formats: FORMATS });

/** Words for a boolean, as the Python app accepts them, in either case. */
const TRUE_WORDS = ['true', '1', 'yes', 'on', 't', 'y'];
const FALSE_WORDS = ['false', '0', 'no', 'off', 'f', 'n'];

type PartSchema = FastifySchema & { properties?: Record<string, { type?: unknown }> };

/** Compiles the schema of one part of a request. Path and query parameters are coerced from text; bodies are not. */
const validatorCompiler: FastifySchemaCompiler<PartSchema> = ({ schema, httpPart }) => {
  const validate = ajv.compile(schema);
  if (httpPart === 'body') return validate;
  const properties = Object.entries(schema.properties ?? {});
  function validateCoerced(values: Record<string, unknown>): boolean {
    for (const [name, { type }] of properties) if (name in values) values[name] = coerce(values[name], type);
    const isValid = validate(values);
    validateCoerced.errors = validate.errors;
    return isValid;
  }
  validateCoerced.errors = undefined as ErrorObject[] | null | undefined;
  return validateCoerced;
};

export const validation = fp(async (app) => {
  app.setValidatorCompiler(validatorCompiler);
});

/** Stricter than Ajv's coercion, which reads `1e3`, `0x10` and an empty string as numbers. */
function coerce(value: unknown, type: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'array') return [value]; // a parameter that may be repeated
  // A number beyond 2^53 is not exact and names no row.
  if (type === 'integer' && /^[0-9]+$/.test(value)) return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
  if (type === 'boolean' && TRUE_WORDS.includes(value.toLowerCase())) return true;
  if (type === 'boolean' && FALSE_WORDS.includes(value.toLowerCase())) return false;
  return value;
}

/** Parts of a request: the schema's name, the property of the request, and the name in `loc`. */
const PARTS = [
  ['params', 'params', 'path'],
  ['querystring', 'query', 'query'],
  ['body', 'body', 'body'],
  ['headers', 'headers', 'header'],
] as const;

const PATTERN_MESSAGES: Record<string, string> = {
  [STORABLE]: 'must not contain U+0000 or half of a surrogate pair',
  [PRINTABLE_ASCII]: 'must consist of printable ASCII characters',
};

const FORMAT_MESSAGES: Record<string, string> = {
  date: 'must be a date such as 2026-02-17',
  'date-or-time': 'must be a date such as 2026-02-17 or a time such as 2026-02-17T16:35:05Z',
};

/** A body can have a hundred thousand invalid items. */
const MAX_ERRORS = 100;

/**
 * The invalid fields of a request, without their values: at most 100 in each part. Fastify itself stops at the first part
 * that has one.
 */
export function validationErrors(request: FastifyRequest): FieldError[] {
  return PARTS.flatMap(([schema, property, name]) => {
    const validate = request.getValidationFunction(schema);
    if (!validate || validate(request[property])) return [];
    return (validate.errors ?? []).slice(0, MAX_ERRORS).map((error) => {
      const { missingProperty, additionalProperty } = error.params;
      const field = missingProperty ?? additionalProperty;
      const path = [...error.instancePath.split('/').slice(1), ...(field === undefined ? [] : [field])];
      return { loc: [name, ...path], msg: message(error, name) };
    });
  });
}

function message({ keyword, params, message = 'is invalid' }: ErrorObject, part: string): string {
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'oneOf':
      return 'must have exactly one of the alternatives';
    case 'additionalProperties':
      return 'is not a parameter of this route';
    case 'enum':
      return `must be one of ${params.allowedValues.join(', ')}`;
    case 'minLength':
      return params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} characters`;
    case 'maxLength':
      return `must have at most ${params.limit} characters`;
    case 'pattern':
      return PATTERN_MESSAGES[params.pattern] ?? message;
    case 'format':
      return FORMAT_MESSAGES[params.format] ?? message;
    case 'maxItems':
      return part === 'body' ? `must have at most ${params.limit} entries` : `may occur at most ${params.limit} times`;
    case 'minItems':
      return 'must not be empty';
    case 'minimum':
      return `must be at least ${params.limit}`;
    case 'maximum':
      return `must be at most ${params.limit}`;
    case 'type':
      return typeMessage(params.type, part);
    default:
      return message;
  }
}

const BODY_TYPE_MESSAGES: Record<string, string> = {
  object: 'must be a JSON object',
  array: 'must be a list',
  integer: 'must be an integer',
};

function typeMessage(type: string, part: string): string {
  if (part === 'body') return BODY_TYPE_MESSAGES[type] ?? `must be a ${type}`;
  if (type === 'string') return 'must be given only once'; // a repeated parameter is a list
  return type === 'boolean'
    ? `must be one of ${[...TRUE_WORDS, ...FALSE_WORDS].join(', ')}`
    : 'must be an integer, in digits only';
}
