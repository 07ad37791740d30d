import type { FastifyRequest } from 'fastify';
import type { Problem } from '../schemas/problem.ts';

/** Parts of a request as Fastify calls them, and as the Python app calls them in `loc`. */
const PARTS = [
  { part: 'params', name: 'path' },
  { part: 'query', schema: 'querystring', name: 'query' },
  { part: 'body', name: 'body' },
] as const;

/**
 * Every field of an invalid request that is wrong, without its value. Fastify itself stops at the first part of the
 * request that has one, so all parts are looked at again.
 */
export function validationErrors(request: FastifyRequest): NonNullable<Problem['errors']> {
  return PARTS.flatMap(({ part, name, ...names }) => {
    const validate = request.getValidationFunction('schema' in names ? names.schema : part);
    if (!validate || validate(request[part])) return [];
    return (validate.errors ?? []).map(({ instancePath, params, message }) => {
      const field = params.missingProperty ? `${instancePath}/${params.missingProperty}` : instancePath;
      return { loc: [name, ...field.split('/').slice(1)], msg: message ?? 'is invalid' };
    });
  });
}
