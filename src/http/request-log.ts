import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Metrics } from '../metrics/metrics.ts';

/** The status, by nginx's convention, of a request whose client did not wait for the answer. */
const CLIENT_GONE = 499;
/** Of these, an operator wants to know who it was. */
const REFUSALS = new Set([401, 403, 429]);

/** One line a request, when it is answered or its client gone, instead of Fastify's two; no path, which may hold what a stranger put there. */
export class RequestLog extends LogController {
  readonly #observe: Metrics['observeRequest'];

  /** @param observe is told the same, as numbers; here, because another hook would make each request slower. */
  constructor(observe: Metrics['observeRequest']) {
    super();
    this.#observe = observe;
  }

  override incomingRequest(request: FastifyRequest, reply: FastifyReply): void {
    // At the end of the answer, or of the connection, whichever is first.
    reply.raw.on('close', () => this.#tell(request, reply, reply.raw.writableEnded ? reply.statusCode : CLIENT_GONE));
  }

  override requestCompleted(): void {}

  #tell(request: FastifyRequest, { elapsedTime }: FastifyReply, status: number): void {
    const { client, id: reqId, log, method } = request as FastifyRequest & { log: Logger };
    const { url: route } = request.routeOptions;
    this.#observe(route, method, status, elapsedTime / 1000);
    if (!log.isLevelEnabled('info')) return;
    const ip = REFUSALS.has(status) ? request.ip : undefined;
    log.info({ reqId, method, route, status, ms: Math.round(elapsedTime), client, ip }, 'request');
  }
}
