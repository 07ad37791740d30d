import type { FastifyRequest } from 'fastify';
import { PATTERN_MESSAGES } from '../schemas/patterns.ts';
import type { Problem } from '../schemas/problem.ts';

/** The parts of a request: their schema's name, their property's, and what the Python app calls them in `loc`. */
const PARTS = [
  ['params', 'params', 'path'],
  ['querystring', 'query', 'query'],
  ['body', 'body', 'body'],
] as const;

/**
 * Every field of an invalid request that is wrong, without its value. Fastify itself stops at the first part of the
 * request that has one, so all parts are looked at again.
 */
export function validationErrors(request: FastifyRequest): NonNullable<Problem['errors']> {
  return PARTS.flatMap(([schema, property, name]) => {
    const validate = request.getValidationFunction(schema);
    if (!validate || validate(request[property])) return [];
    return (validate.errors ?? []).map(({ instancePath, params, message }) => {
      const field = params.missingProperty ? `${instancePath}/${params.missingProperty}` : instancePath;
      const msg = PATTERN_MESSAGES[String(params.pattern)] ?? message ?? 'is invalid';
      return { loc: [name, ...field.split('/').slice(1)], msg };
    });
  });
}
