import type { Server } from 'node:http';
import underPressure from '@fastify/under-pressure';
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** What no client may exceed, slow and greedy ones included. Sizes in bytes, times in ms. */
export const LIMITS = {
  /** The longest ticket there can be, with every character escaped as \uXXXX\uXXXX, takes 240,000. */
  body: 256 * 1024,
  headers: 16 * 1024,
  /** How long headers, and a whole request, may take to arrive. */
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  /** Longer than a minute, after which many a proxy closes its side. */
  keepAliveTimeout: 72_000,
  connections: 10_000,
  /** The mean delay of the event loop over a second above which requests are turned away. */
  eventLoopDelay: 1000,
};
export type Limits = typeof LIMITS;

/** The limits that Fastify and Node keep to by themselves. */
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

/** Turns requests away before the server drowns, with 503 and `Retry-After`; routes with `config.pressureHandler` go on. */
export async function shedLoad(app: FastifyInstance, limits: Limits): Promise<void> {
  app.server.maxConnections = limits.connections;
  await app.register(underPressure, { maxEventLoopDelay: limits.eventLoopDelay, retryAfter: 5 });
}

/** How long the rest of a body that nobody waits for any more may take, in ms. */
const LINGER_MS = 1000;

/** Closes a connection that goes on sending a body after its answer, which would else be read to its end, however long. */
export function closeLingeringUpload({ raw: request }: FastifyRequest, { raw: response }: FastifyReply): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (length === undefined && encoding === undefined) return;
  response.once('finish', () => {
    const end = () => {
      if (!request.complete) request.destroy();
    };
    if (!request.complete) setTimeout(end, LINGER_MS).unref();
  });
}
