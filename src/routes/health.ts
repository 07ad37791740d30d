import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AppError } from '../errors.ts';
import type { Storage } from '../storage/types.ts';
import { getHealthSchema, getReadinessSchema } from './operations.schema.ts';

/** `GET /health`: the process is up and answers. `GET /ready`: it can do its work. */
export const healthRoutes: FastifyPluginAsyncTypebox<Pick<Storage, 'checkReadiness'>> = async (
  app,
  { checkReadiness },
) => {
  // Both also answer while the server is overloaded.
  const config = { public: true, pressureHandler: () => undefined };

  app.get('/health', { schema: getHealthSchema, config }, async () => ({ ok: true }));

  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  app.get('/ready', { schema: getReadinessSchema, config }, async () => {
    const failed = isClosing ? 'shutdown' : await checkReadiness();
    if (failed) throw new AppError('not_ready', failed);
    return { ready: true };
  });
};
