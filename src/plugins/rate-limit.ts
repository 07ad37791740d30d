import { isIP } from 'node:net';
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import fp from 'fastify-plugin';
import { AppError } from '../errors.ts';

export interface RateLimits {
  /** Requests per minute of each client; 0: unlimited. */
  perMinute: number;
  /** The same for routes that cost money, which count only here then. */
  processPerMinute: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route may call the provider: `processPerMinute` applies. */
    costsMoney?: boolean;
  }
}

/** How many clients are remembered; beyond that, the least recently seen one starts anew. */
const MAX_CLIENTS = 10_000;

/** Limits the routes registered after it, per API key, or per address (IPv6: per /64) where there are no keys. */
export const rateLimits = fp<RateLimits>(async (app, { perMinute, processPerMinute }) => {
  if (perMinute === 0 && processPerMinute === 0) return;
  if (processPerMinute > 0) {
    app.addHook('onRoute', (route) => {
      if (!route.config?.costsMoney) return;
      route.config = { ...route.config, rateLimit: false };
      route.onRequest = [route.onRequest ?? [], limitProcessing].flat();
    });
  }
  await app.register(rateLimit, {
    global: perMinute > 0,
    max: perMinute,
    timeWindow: 60_000,
    cache: MAX_CLIENTS,
    enableDraftSpec: true, // RateLimit-Limit, -Remaining and -Reset
    // A proxy that sends `address:port`, for example, must not make every request a new client.
    keyGenerator: ({ apiKeyName, ip, socket }) =>
      apiKeyName ?? normalizeIP(isIP(ip) ? ip : (socket.remoteAddress ?? '')),
    errorResponseBuilder: (_request, { ttl }) =>
      new AppError('rate_limited', 'too many requests', { retryAfterMs: ttl }),
  });
  // One for all of these routes: the plugin would count each route for itself.
  const limitProcessing = app.rateLimit({ max: processPerMinute });
});
