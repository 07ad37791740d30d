import { randomUUID } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { acceptJson } from './http/body.ts';
import { answerClientError } from './http/client-error.ts';
import { rejectUnknownRoutes } from './http/methods.ts';
import { ANSWERED_HERE, answerForNode } from './http/node-answers.ts';
import { sendProblem } from './http/problem.ts';
import { RequestLog } from './http/request-log.ts';
import { serializeOnce } from './http/serializers.ts';
import { documentRoutes } from './routes/docs.ts';
import { healthRoutes } from './routes/health.ts';
import { type Services, ticketRoutes } from './routes/tickets.ts';
import { AJV_OPTIONS } from './schemas/ajv.ts';
import { Problem } from './schemas/problem.ts';
import { Result } from './schemas/result.ts';
import { Ticket } from './schemas/ticket.ts';

/** In bytes; the longest ticket there can be, with every character escaped as \uXXXX\uXXXX, takes 240,000. */
const BODY_LIMIT = 256 * 1024;

/** How long a request may take to arrive, in ms. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Longer ids than any URL has: what is no number in a path is told so (422), not that there is no such path. */
const MAX_PARAM_LENGTH = 16 * 1024;

/** The HTTP application; it listens on nothing and opens nothing by itself. */
export async function buildApp(
  services: Services,
  { logger, version }: { logger: FastifyBaseLogger; version: string },
): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new RequestLog(),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: requestIds(),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    ajv: { customOptions: { ...AJV_OPTIONS, coerceTypes: false, removeAdditional: false, allErrors: true } },
    return503OnClosing: false, // what still arrives while the server closes is answered
    http: ANSWERED_HERE,
    frameworkErrors: sendProblem,
    clientErrorHandler: answerClientError,
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setErrorHandler(sendProblem);
  answerForNode(app);
  acceptJson(app);
  serializeOnce(app);
  for (const schema of [Ticket, Result, Problem]) app.addSchema(schema);

  const rejectOtherMethods = rejectUnknownRoutes(app);
  await documentRoutes(app, version);
  await app.register(healthRoutes);
  await app.register(ticketRoutes, services);
  rejectOtherMethods();
  return app;
}

/** Counts the requests of this process, after a beginning of its own: cheaper than a UUID for each, and shorter in the log. */
function requestIds(): () => string {
  const [process] = randomUUID().split('-');
  let count = 0;
  return () => {
    count += 1;
    return `${process}-${count}`;
  };
}
