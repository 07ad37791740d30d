import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';

export interface RateLimits {
  /** Requests per minute of each client; 0: any number. */
  perMinute: number;
  /** The same for those that may cost money, which count only here then. */
  processPerMinute: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route may call the provider: `processPerMinute` applies. */
    costsMoney?: boolean;
  }
}

/** How many clients are remembered; of more, those that have not called for the longest time begin anew. */
const CLIENTS = 10_000;

/** Limits the routes that this instance registers after it, per key, or per address (IPv6: per /64) where there are no keys. */
export async function limitRates(app: FastifyInstance, { perMinute, processPerMinute }: RateLimits): Promise<void> {
  if (perMinute === 0 && processPerMinute === 0) return;
  if (processPerMinute > 0) {
    app.addHook('onRoute', (route) => {
      if (!route.config?.costsMoney) return;
      route.config = { ...route.config, rateLimit: { max: processPerMinute } };
    });
  }
  const { default: rateLimit, normalizeIP } = await import('@fastify/rate-limit'); // most starts can do without
  await app.register(rateLimit, {
    global: perMinute > 0,
    max: perMinute,
    timeWindow: 60_000,
    cache: CLIENTS,
    enableDraftSpec: true, // RateLimit-Limit, -Remaining and -Reset
    // A proxy that names its client in another way, `address:port` say, must not make each request another client's.
    keyGenerator: ({ client, ip, socket }) => client ?? normalizeIP(isIP(ip) ? ip : (socket.remoteAddress ?? '')),
    errorResponseBuilder: (_request, { ttl }) =>
      new AppError('rate_limited', 'too many requests', { retryAfterMs: ttl }),
  });
}
