import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { problems } from '../schemas/response.ts';

/** `GET /health`: the process is up and answers. */
export const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const schema = {
    summary: 'Is the server up?',
    response: { 200: Type.Object({ ok: Type.Boolean() }), ...problems() },
  };
  app.get('/health', { schema }, async () => ({ ok: true }));
};
