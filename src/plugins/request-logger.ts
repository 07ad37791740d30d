import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Metrics } from '../observability/metrics.ts';
import { responseOn } from './node-answers.ts';

/** The status, by nginx's convention, of a request whose client did not wait for the answer. */
const CLIENT_CLOSED_REQUEST = 499;
/** Of these, an operator wants to know who it was. */
const AUDITED_STATUSES = new Set([401, 403, 429]);

const REPLY = Symbol('reply');
/** A response that is not sent yet knows its reply. */
type Tracked = ServerResponse & { [REPLY]?: FastifyReply | undefined };

/** One line a request, when it is answered or its client gone, instead of Fastify's two; no path, which may hold what a stranger put there. */
export class RequestLog extends LogController {
  readonly #observe: Metrics['observeRequest'];

  /** @param observe is told the same, as numbers; here, because another hook would make each request slower. */
  constructor(observe: Metrics['observeRequest']) {
    super();
    this.#observe = observe;
  }

  override incomingRequest(_request: FastifyRequest, reply: FastifyReply): void {
    (reply.raw as Tracked)[REPLY] = reply;
  }

  override requestCompleted(_err: unknown, request: FastifyRequest, reply: FastifyReply): void {
    (reply.raw as Tracked)[REPLY] = undefined;
    this.#tell(request, reply, reply.statusCode);
  }

  /** Tells of those whose client hangs up, too; per connection, because a listener for each request would cost a twentieth of it. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) =>
      socket.on('close', () => {
        const reply = (responseOn(socket) as Tracked | undefined)?.[REPLY];
        if (reply) this.#tell(reply.request, reply, CLIENT_CLOSED_REQUEST);
      }),
    );
  }

  #tell(request: FastifyRequest, { elapsedTime }: FastifyReply, status: number): void {
    const { client, id: reqId, log, method } = request as FastifyRequest & { log: Logger };
    const { url: route } = request.routeOptions;
    this.#observe({ route, method, status, errorType: undefined, seconds: elapsedTime / 1000 });
    if (!log.isLevelEnabled('info')) return;
    const ip = AUDITED_STATUSES.has(status) ? request.ip : undefined;
    log.info({ reqId, method, route, status, ms: Math.round(elapsedTime), client, ip }, 'request');
  }
}
