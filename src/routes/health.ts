import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { AppError } from '../errors.ts';
import { problems } from '../schemas/response.ts';
import type { Storage } from '../storage/types.ts';

/** `GET /health`: the process is up and answers. `GET /ready`: it can do its work. */
export const healthRoutes: FastifyPluginAsyncTypebox<Pick<Storage, 'checkReadiness'>> = async (
  app,
  { checkReadiness },
) => {
  // Both answer also when the server has too much to do.
  const config = { public: true, pressureHandler: () => undefined };

  const health = {
    summary: 'Is the server up?',
    security: [],
    response: { 200: Type.Object({ ok: Type.Boolean() }), ...problems() },
  };
  app.get('/health', { schema: health, config }, async () => ({ ok: true }));

  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  const ready = {
    summary: 'Can the server do its work?',
    security: [],
    description: 'The `detail` of a 503 names the check that failed: `database_read`, `database_write` or `shutdown`.',
    response: { 200: Type.Object({ ready: Type.Boolean() }), ...problems(503) },
  };
  app.get('/ready', { schema: ready, config }, async () => {
    const failed = isClosing ? 'shutdown' : await checkReadiness();
    if (failed) throw new AppError('not_ready', failed);
    return { ready: true };
  });
};
