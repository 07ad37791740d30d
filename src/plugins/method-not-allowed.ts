import { METHODS } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';

export const notFound = () => new AppError('not_found', 'Not Found');

/**
 * Answers 405 with `Allow` where a path is known and the method is not, before the body is looked at. Call it before the
 * first route is registered, and what it returns after the last.
 */
export function rejectOtherMethods(app: FastifyInstance): () => void {
  const allowed = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    allowed.set(url, (allowed.get(url) ?? new Set<string>()).union(new Set([method].flat())));
  });
  app.setNotFoundHandler(async () => {
    throw notFound();
  }); // for a file that the documentation's assets do not have

  return () => {
    const methods = METHODS.filter((method) => method !== 'CONNECT');
    for (const method of methods) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);

    for (const [url, known] of [...allowed]) {
      app.route({
        url,
        method: methods.filter((method) => !known.has(method)),
        schema: { hide: true },
        onRequest: async (_request, reply) => {
          reply.header('allow', [...known].join(', '));
          throw new AppError('method_not_allowed', 'Method Not Allowed');
        },
        handler: () => {},
      });
    }
  };
}
