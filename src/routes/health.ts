import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';

/** `GET /health`: the process is up and answers. */
export const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const schema = { summary: 'Is the server up?', response: { 200: Type.Object({ ok: Type.Boolean() }) } };
  app.get('/health', { schema }, async () => ({ ok: true }));
};
