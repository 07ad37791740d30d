import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { problems } from '../schemas/response.ts';

/** `GET /health`: the process is up and answers. */
export const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const schema = {
    summary: 'Is the server up?',
    response: { 200: Type.Object({ ok: Type.Boolean() }), ...problems() },
  };
  // It answers also when the server has too much to do.
  const config = { pressureHandler: () => undefined };
  app.get('/health', { schema, config }, async () => ({ ok: true }));
};
