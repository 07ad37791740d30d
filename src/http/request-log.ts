import { type FastifyError, type FastifyReply, type FastifyRequest, LogController } from 'fastify';

/** One line a request, when it is answered, instead of Fastify's two; no path, which may hold what a stranger put there. */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(err: FastifyError | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const { method, routeOptions } = request;
    const { client } = request;
    const line = {
      method,
      route: routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      client,
    };
    if (err) request.log.warn({ ...line, err }, 'the answer did not reach the client');
    else request.log.info(line, 'request');
  }
}
