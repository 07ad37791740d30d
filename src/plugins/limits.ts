import type { Server } from 'node:http';
import underPressure from '@fastify/under-pressure';
import type { FastifyHttpOptions, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { AppError } from '../errors.ts';

/** Limits for every client. Sizes in bytes, times in ms. */
export const LIMITS = {
  /** The longest ticket, with every character escaped as \uXXXX\uXXXX, takes 240,000. */
  body: 256 * 1024,
  headers: 16 * 1024,
  /** Time for the headers, and for the whole request, to arrive. */
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  /** Longer than the 60 s after which many proxies close their side. */
  keepAliveTimeout: 72_000,
  connections: 10_000,
  /** Mean delay of the event loop over a second above which requests are rejected. */
  eventLoopDelay: 1000,
  /** Time after the start in which that delay is ignored: loading the modules causes it on a slow machine. */
  eventLoopWarmUp: 5000,
};
export type Limits = typeof LIMITS;

/** The limits that Fastify and Node enforce themselves. */
export const serverOptions = (limits: Limits) =>
  ({
    bodyLimit: limits.body,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    http: {
      headersTimeout: limits.headersTimeout,
      maxHeaderSize: limits.headers,
      connectionsCheckingInterval: Math.min(5000, limits.headersTimeout),
    },
  }) satisfies FastifyHttpOptions<Server>;

/**
 * Limits connections and unread uploads. Rejects requests with 503 while the event loop is too slow, except on routes
 * with `config.pressureHandler`.
 */
export const loadLimits = fp<{ limits: Limits }>(async (app, { limits }) => {
  app.server.maxConnections = limits.connections;
  app.addHook('onResponse', async (request) => closeLingeringUpload(request));
  const start = performance.now();
  await app.register(underPressure, {
    maxEventLoopDelay: limits.eventLoopDelay,
    pressureHandler: async () => {
      if (performance.now() - start < limits.eventLoopWarmUp) return;
      throw new AppError('overloaded', 'the server is overloaded');
    },
  });
});

/** Time for the rest of a body to arrive after the answer, in ms. */
const LINGER_MS = 1000;

/** Closes a connection whose client goes on sending a body after the answer. Node would read all of it. */
function closeLingeringUpload({ raw }: FastifyRequest): void {
  if (raw.complete) return;
  const timer = setTimeout(() => {
    if (!raw.complete) raw.destroy();
  }, LINGER_MS);
  timer.unref();
}
