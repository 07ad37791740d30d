import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { ApiKey } from '../config.ts';
import { AppError } from '../errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the API key that the client has shown. */
    client: string | undefined;
  }
}

/** Needs no key: it says nothing of tickets. */
const OPEN = /^\/(?:health|ready|openapi\.json|docs(?:\/.*)?)$/;

const digest = (key: string) => hash('sha256', key, 'buffer');

/** Lets only those in who show one of the keys, as `Authorization: Bearer …` or `X-API-Key`; everywhere but on open routes. */
export async function requireKey(app: FastifyInstance, apiKeys: readonly ApiKey[]): Promise<void> {
  app.decorateRequest('client', undefined);
  if (apiKeys.length === 0) return refuseOtherSites(app);
  const known = apiKeys.map(({ name, key }) => ({ name, digest: digest(key) }));

  await app.register(import('@fastify/bearer-auth'), {
    addHook: false,
    keys: new Set<string>(),
    specCompliance: 'rfc6749', // the scheme in upper or lower case
    verifyErrorLogLevel: 'debug', // the request's line says it
    auth(key, request) {
      const shown = digest(key);
      // All are compared, digests of one length: the time tells nothing of the keys.
      const [match] = known.filter((one) => timingSafeEqual(one.digest, shown));
      request.client = match?.name;
      return match !== undefined;
    },
  });

  app.addHook('onRequest', (request, reply, done) => {
    if (OPEN.test(request.routeOptions.url ?? '')) return done();
    const { headers } = request.raw;
    if (!headers.authorization && headers['x-api-key']) headers.authorization = `Bearer ${headers['x-api-key']}`;
    app.verifyBearerAuth?.(request, reply, done);
  });
}

/** Where nobody needs a key, a page of another site that somebody here looks at must not use their browser to get in. */
function refuseOtherSites(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const site = request.raw.headers['sec-fetch-site'];
    const isOther = (site === 'cross-site' || site === 'same-site') && !OPEN.test(request.routeOptions.url ?? '');
    done(isOther ? new AppError('forbidden', 'pages of other sites may not ask') : undefined);
  });
}
