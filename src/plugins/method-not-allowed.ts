import { METHODS } from 'node:http';
import type { RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { AppError } from '../errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The routes of each URL pattern. */
    routesByUrl: Map<string, RouteOptions[]>;
  }
}

/** Collects the routes that are registered after this plugin. */
export const collectRoutes = fp(async (app) => {
  const routes: typeof app.routesByUrl = new Map();
  app.decorate('routesByUrl', routes);
  app.addHook('onRoute', (route) => {
    routes.set(route.url, [...(routes.get(route.url) ?? []), route]);
  });
});

/** Answers all other methods of the collected routes with 405 and `Allow`, before the body is read. */
export const methodNotAllowed = fp(async (app) => {
  const methods = METHODS.filter((method) => method !== 'CONNECT');
  for (const method of methods) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);

  for (const [url, routes] of [...app.routesByUrl]) {
    const known = new Set(routes.flatMap(({ method }) => method));
    const allow = [...known].join(', ');
    app.route({
      url,
      method: methods.filter((method) => !known.has(method)),
      schema: { hide: true },
      config: { ...routes[0]?.config }, // where no key is needed for the path, none is needed for the 405
      onRequest: async (_request, reply) => {
        reply.header('allow', allow);
        throw new AppError('method_not_allowed', `this path allows only ${allow}`);
      },
      handler: () => {},
    });
  }
});
