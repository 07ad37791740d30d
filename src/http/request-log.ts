import { type FastifyError, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Metrics } from '../metrics/metrics.ts';

/** One line a request, when it is answered, instead of Fastify's two; no path, which may hold what a stranger put there. */
export class RequestLog extends LogController {
  readonly #observe: Metrics['observeRequest'];

  /** @param observe is told the same, as numbers; here, because another hook would make each request slower. */
  constructor(observe: Metrics['observeRequest']) {
    super();
    this.#observe = observe;
  }

  override incomingRequest(): void {}

  override requestCompleted(err: FastifyError | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const { client, id: reqId, log, method } = request as FastifyRequest & { log: Logger };
    const { url: route } = request.routeOptions;
    const { elapsedTime, statusCode: status } = reply;
    this.#observe(route, method, status, elapsedTime / 1000);
    if (!err && !log.isLevelEnabled('info')) return;
    const line = { reqId, method, route, status, ms: Math.round(elapsedTime), client };
    if (err) log.warn({ ...line, err }, 'the answer did not reach the client');
    else log.info(line, 'request');
  }
}
