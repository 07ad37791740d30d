import { METHODS } from 'node:http';
import fp from 'fastify-plugin';
import { AppError } from '../errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods of each route, by its URL pattern. */
    allowedMethods: Map<string, Set<string>>;
  }
}

/** Collects the methods of the routes that are registered after this plugin. */
export const allowedMethods = fp(async (app) => {
  const allowed = new Map<string, Set<string>>();
  app.decorate('allowedMethods', allowed);
  app.addHook('onRoute', ({ url, method }) => {
    const methods = allowed.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    allowed.set(url, methods);
  });
});

/** Answers all other methods of these routes with 405 and `Allow`, before the body is read. */
export const methodNotAllowed = fp(async (app) => {
  const methods = METHODS.filter((method) => method !== 'CONNECT');
  for (const method of methods) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);

  for (const [url, known] of [...app.allowedMethods]) {
    const allow = [...known].join(', ');
    app.route({
      url,
      method: methods.filter((method) => !known.has(method)),
      schema: { hide: true },
      onRequest: async (_request, reply) => {
        reply.header('allow', allow);
        throw new AppError('method_not_allowed', `this path allows only ${allow}`);
      },
      handler: () => {},
    });
  }
});
