import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { ApiKey } from '../config/load.ts';
import { AppError } from '../errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route needs no key: it discloses nothing about tickets. */
    public?: boolean;
    /** The route also accepts the metrics key, and needs a key where that one is set. */
    acceptsMetricsKey?: boolean;
  }
  interface FastifyRequest {
    /** The name of the request's API key. */
    apiKeyName: string | undefined;
  }
}

export interface AuthOptions {
  apiKeys: readonly ApiKey[];
  /** A key that may only read `/metrics`. */
  metricsKey?: string | undefined;
  /** Without API keys: a proxy in front authenticates the clients. */
  allowAnonymous: boolean;
}

const digestOf = (key: string) => hash('sha256', key, 'buffer');

/**
 * Requires an API key, as `Authorization: Bearer …` or `X-API-Key`, on all routes that are not public. Where there are
 * no keys, rejects pages of other sites and, unless `allowAnonymous` is set, clients that are not on this machine.
 */
export const auth = fp<AuthOptions>(async (app, { apiKeys, metricsKey, allowAnonymous }) => {
  const keys = apiKeys.map(({ name, key }) => ({ name, digest: digestOf(key) }));
  const metricsKeys = metricsKey ? [...keys, { name: 'METRICS_KEY', digest: digestOf(metricsKey) }] : keys;
  app.decorateRequest('apiKeyName', undefined);
  app.addHook('onRequest', (request, _reply, done) => done(check(request)));

  function check(request: FastifyRequest): AppError | undefined {
    const { config } = request.routeOptions;
    if (config.public) return undefined;
    const accepted = config.acceptsMetricsKey ? metricsKeys : keys;
    if (accepted.length === 0) return originCheck(request) ?? (allowAnonymous ? undefined : loopbackCheck(request));
    const digest = digestOf(presentedKey(request));
    // Compares digests of one length, and all of them, so that the time discloses nothing.
    const [match] = accepted.filter((key) => timingSafeEqual(key.digest, digest));
    request.apiKeyName = match?.name;
    return match ? undefined : new AppError('unauthorized', 'a valid API key is needed');
  }
});

/** `X-API-Key` wins: `Authorization` may be meant for a proxy in front. */
function presentedKey({ raw: { headers } }: FastifyRequest): string {
  const header = headers['x-api-key'];
  if (typeof header === 'string' && header !== '') return header;
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** A page of another site must not use a browser that can reach this server. */
function originCheck({ raw: { headers } }: FastifyRequest): AppError | undefined {
  const { host, origin, 'sec-fetch-site': site } = headers;
  // Browsers send Sec-Fetch-Site only to trustworthy addresses, but Origin with every method except GET and HEAD.
  const isOtherSite = site ? site.endsWith('-site') : origin !== undefined && URL.parse(origin)?.host !== host;
  return isOtherSite ? new AppError('forbidden', 'pages of other sites have no access') : undefined;
}

/** A `Host` that names this machine. */
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Without keys, the server listens on loopback only. A proxy or a DNS name of an attacker would open it to others. */
function loopbackCheck({ raw: { headers } }: FastifyRequest): AppError | undefined {
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) {
    return new AppError(
      'forbidden',
      'the request came through a proxy, and this server has no API keys: ' +
        'set API_KEYS, or ALLOW_ANONYMOUS=true if the proxy authenticates its clients',
    );
  }
  // DNS rebinding: a page's own host name can be made to point to this machine.
  if (LOOPBACK_HOST.test(headers.host ?? '')) return undefined;
  return new AppError(
    'forbidden',
    'without API_KEYS or ALLOW_ANONYMOUS=true, Host must be localhost, 127.0.0.1 or [::1]',
  );
}
