import type { FastifyPluginAsync } from 'fastify';

/** `GET /` leads to the documentation. */
export const homeRoute: FastifyPluginAsync = async (app) => {
  app.get('/', { schema: { hide: true }, config: { public: true } }, (_request, reply) => reply.redirect('/docs'));
};
