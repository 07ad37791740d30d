import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiKey } from '../config/load.ts';
import { AppError } from '../errors.ts';

/** Calls `done` with an error for a request that its client may not make. */
export type AccessCheck = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route needs no key: it discloses nothing about tickets. */
    public?: boolean;
  }
  interface FastifyRequest {
    /** The name of the API key that the client has shown. */
    client: string | undefined;
  }
}

const OTHER_SITE = 'pages of other sites may not ask';
const OTHER_HOST = 'without API_KEYS or ALLOW_ANONYMOUS=true, Host must be localhost, 127.0.0.1 or [::1]';

const digest = (key: string) => hash('sha256', key, 'buffer');

/** A `Host` that says loopback. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * Lets only those in who show one of the keys, as `Authorization: Bearer …` or `X-API-Key`; everywhere but on open routes.
 *
 * @param anyHost without keys: also those are let in who call this server by another name than that of its loopback.
 */
export async function accessCheck(
  app: FastifyInstance,
  apiKeys: readonly ApiKey[],
  anyHost: boolean,
): Promise<AccessCheck> {
  app.decorateRequest('client', undefined);
  return apiKeys.length > 0 ? await keyCheck(app, apiKeys) : siteCheck(anyHost);
}

const isOpen = (request: FastifyRequest) => request.routeOptions.config.public === true;

async function keyCheck(app: FastifyInstance, apiKeys: readonly ApiKey[]): Promise<AccessCheck> {
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

  return (request, reply, done) => {
    if (isOpen(request)) return done();
    const { headers } = request.raw;
    // This one is ours alone; the other may be for something in front.
    if (headers['x-api-key']) headers.authorization = `Bearer ${headers['x-api-key']}`;
    app.verifyBearerAuth?.(request, reply, done);
  };
}

/**
 * Where nobody needs a key, a page of another site that somebody here looks at must not use their browser to get in, neither
 * as what it is nor with a name that is made to point to this machine (DNS rebinding).
 */
const siteCheck =
  (anyHost: boolean): AccessCheck =>
  (request, _reply, done) => {
    const { host = '', origin, 'sec-fetch-site': site } = request.raw.headers;
    const isOtherHost = !anyHost && !LOOPBACK.test(host);
    // Browsers say the site to trustworthy addresses only, and the origin wherever a page may change something.
    const isOtherSite = site ? site.endsWith('-site') : origin !== undefined && URL.parse(origin)?.host !== host;
    if (!(isOtherHost || isOtherSite) || isOpen(request)) return done();
    done(new AppError('forbidden', isOtherSite ? OTHER_SITE : OTHER_HOST));
  };
