import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import fp from 'fastify-plugin';

/** An id that can be written to the log as it is. */
const VALID_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The client's `X-Request-Id` if it is valid, else a new id. */
export function requestId({ headers }: IncomingMessage): string {
  const id = headers['x-request-id'];
  return typeof id === 'string' && VALID_REQUEST_ID.test(id) ? id : randomUUID();
}

/**
 * The headers that OWASP's REST Security Cheat Sheet asks for on answers that no browser shows or keeps. `/docs` has a
 * policy of its own; Strict-Transport-Security is up to the proxy that terminates TLS.
 */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Gives every answer its request id and the security headers. */
export const requestContext = fp(async (app) => {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id);
    done();
  });
});
