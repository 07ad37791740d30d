import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ApiKey } from './config/load.ts';
import { AppError } from './errors.ts';
import type { Metrics } from './observability/metrics.ts';
import { accessCheck } from './plugins/auth.ts';
import { acceptJson } from './plugins/body.ts';
import { answerClientErrors } from './plugins/client-error.ts';
import { errorHandler } from './plugins/errors.ts';
import { setHeaders } from './plugins/headers.ts';
import { closeLingeringUpload, LIMITS, type Limits, serverOptions, shedLoad } from './plugins/limits.ts';
import { notFound, rejectOtherMethods } from './plugins/method-not-allowed.ts';
import { ANSWERED_HERE, ignoreExpectations, isWithoutHost } from './plugins/node-answers.ts';
import { documentRoutes } from './plugins/openapi.ts';
import { limitRates, type RateLimits } from './plugins/rate-limit.ts';
import { requestIds } from './plugins/request-id.ts';
import { RequestLog } from './plugins/request-logger.ts';
import { serializeOnce } from './plugins/serializers.ts';
import { validatorCompiler } from './plugins/validation.ts';
import { healthRoutes } from './routes/health.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { type Services, ticketRoutes } from './routes/tickets.ts';
import { Problem } from './schemas/problem.ts';
import { Result } from './schemas/result.ts';
import { Ticket } from './schemas/ticket.ts';
import type { Storage } from './storage/types.ts';

/** Longer ids than any URL has: what is no number in a path is told so (422), not that there is no such path. */
const MAX_PARAM_LENGTH = 16 * 1024;

export interface AppOptions {
  logger: FastifyBaseLogger;
  version: string;
  metrics: Metrics;
  apiKeys: readonly ApiKey[];
  /** Something in front checks who calls. */
  allowAnonymous: boolean;
  trustProxy: readonly string[];
  rateLimits: RateLimits;
  limits?: Limits;
}

/** The HTTP application; it listens on nothing and opens nothing by itself. */
export async function buildApp(
  services: Services & Pick<Storage, 'checkReadiness'>,
  options: AppOptions,
): Promise<FastifyInstance> {
  const { logger, version, metrics, apiKeys, allowAnonymous, trustProxy, rateLimits, limits = LIMITS } = options;
  const server = serverOptions(limits);
  const genReqId = requestIds();
  const requestLog = new RequestLog(metrics.observeRequest);
  const app = fastify({
    ...server,
    http: { ...server.http, ...ANSWERED_HERE },
    loggerInstance: logger,
    logController: requestLog,
    genReqId,
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    return503OnClosing: false, // what still arrives while the server closes is answered
    frameworkErrors(error, request, reply) {
      // For a path that cannot be decoded, no hook is called, and nothing tells of its end.
      begin(request, reply);
      reply.raw.once('finish', () => requestLog.requestCompleted(undefined, request, reply));
      authorize(request, reply, (refusal) => errorHandler((refusal ?? error) as AppError, request, reply));
    },
    clientErrorHandler: answerClientErrors(() => genReqId({ headers: {} })),
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setErrorHandler(errorHandler);
  app.setValidatorCompiler(validatorCompiler);
  acceptJson(app);
  serializeOnce(app);
  for (const schema of [Ticket, Result, Problem]) app.addSchema(schema);

  const authorize = await accessCheck(app, apiKeys, allowAnonymous);
  app.addHook('onRequest', (request, reply, done) => {
    // One hook, because each takes time of every request.
    begin(request, reply);
    if (isWithoutHost(request)) return done(new AppError('bad_request', 'the header Host is missing'));
    if (!request.is404) return authorize(request, reply, done);
    authorize(request, reply, (refusal) => done(refusal ?? notFound())); // before the body is looked at
  });
  requestLog.watch(app.server);
  ignoreExpectations(app);
  await shedLoad(app, limits);
  const addOtherMethods = rejectOtherMethods(app);
  await documentRoutes(app, { version, wantsKey: apiKeys.length > 0 });
  await app.register(healthRoutes, services);
  await app.register(metricsRoutes, { metrics });
  await app.register(async (limited) => {
    await limitRates(limited, rateLimits);
    await limited.register(ticketRoutes, services);
  });
  addOtherMethods();
  return app;
}

/** What is done for every answer. */
function begin(request: FastifyRequest, reply: FastifyReply): void {
  setHeaders(request, reply);
  closeLingeringUpload(request, reply);
}
