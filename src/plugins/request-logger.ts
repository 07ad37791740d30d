import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Metrics } from '../observability/metrics.ts';

/** nginx's status for a request whose client closed the connection before the answer. */
const CLIENT_CLOSED_REQUEST = 499;

/** Statuses for which an operator needs the client's address. */
const AUDITED_STATUSES = new Set([401, 403, 429]);

/** Logs one line per request and counts it. The line has the route, not the path: a path may hold anything. */
export const requestLogger = fp<Pick<Metrics, 'observeRequest'>>(async (app, { observeRequest }) => {
  app.addHook('onRequest', (request, reply, done) => {
    // Fastify calls neither `onResponse` nor `onRequestAbort` if a client hangs up after its body has been read.
    reply.raw.once('close', () => logRequest(request, reply));
    done();
  });

  function logRequest(request: FastifyRequest, reply: FastifyReply): void {
    const { method, apiKeyName, errorCode: code } = request;
    const { url: route } = request.routeOptions;
    const status = reply.raw.writableEnded ? reply.statusCode : CLIENT_CLOSED_REQUEST;
    observeRequest({ route, method, status, errorType: code, seconds: reply.elapsedTime / 1000 });
    const ip = AUDITED_STATUSES.has(status) ? request.ip : undefined;
    request.log.info({ method, route, status, ms: Math.round(reply.elapsedTime), code, apiKeyName, ip }, 'request');
  }
});
