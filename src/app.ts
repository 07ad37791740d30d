import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Metrics } from './observability/metrics.ts';
import { type AuthOptions, auth } from './plugins/auth.ts';
import { jsonBodies } from './plugins/body.ts';
import { errors } from './plugins/errors.ts';
import { LIMITS, type Limits, loadLimits, serverOptions } from './plugins/limits.ts';
import { collectRoutes, methodNotAllowed } from './plugins/method-not-allowed.ts';
import { rerouteUndecodablePath, unknownPaths } from './plugins/not-found.ts';
import { documentRoutes } from './plugins/openapi.ts';
import { type RateLimits, rateLimits } from './plugins/rate-limit.ts';
import { requestContext, requestId } from './plugins/request-context.ts';
import { requestLogger } from './plugins/request-logger.ts';
import { serialization } from './plugins/serialization.ts';
import { answerUnreadableHttp } from './plugins/unreadable-http.ts';
import { validation } from './plugins/validation.ts';
import type { BatchWorker } from './processing/batch-worker.ts';
import type { Enqueue } from './processing/enqueue.ts';
import type { Processor } from './processing/processor.ts';
import type { Queue } from './processing/queue.ts';
import { batchRoutes } from './routes/batches.ts';
import { healthRoutes } from './routes/health.ts';
import { homeRoute } from './routes/home.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { runRoutes } from './routes/runs.ts';
import { ticketRoutes } from './routes/tickets.ts';
import { usageRoutes } from './routes/usage.ts';
import { Batch } from './schemas/batch.ts';
import { Problem } from './schemas/problem.ts';
import { Result } from './schemas/result.ts';
import { Run } from './schemas/run.ts';
import { Ticket } from './schemas/ticket.ts';
import { TicketListEntry } from './schemas/ticket-list.ts';
import { Usage } from './schemas/usage.ts';
import type { Storage } from './storage/types.ts';

/** Raised so that an overlong id gets 422 (not a number) rather than an error of the router. */
const MAX_PARAM_LENGTH = 16 * 1024;

export type Services = Pick<Storage, 'tickets' | 'results' | 'runs' | 'batches' | 'usage' | 'checkReadiness'> & {
  processor: Processor;
  enqueue: Enqueue;
  queue: Queue;
  batchWorker: BatchWorker;
};

export interface AppOptions extends AuthOptions {
  logger: FastifyBaseLogger;
  version: string;
  metrics: Metrics;
  /** The proxies whose `X-Forwarded-For` is believed. */
  trustProxy: readonly string[];
  rateLimits: RateLimits;
  /** Queue a run of each new ticket. */
  autoProcess: boolean;
  limits?: Limits;
}

/** Builds the HTTP application. It does not listen. */
export async function buildApp(services: Services, options: AppOptions): Promise<FastifyInstance> {
  const { logger, version, metrics, trustProxy, limits = LIMITS } = options;
  const app = fastify({
    ...serverOptions(limits),
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }), // requestLogger writes one line instead of two
    genReqId: requestId,
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    return503OnClosing: false, // requests that still arrive during the shutdown are answered
    frameworkErrors: rerouteUndecodablePath,
    clientErrorHandler: answerUnreadableHttp,
  }).withTypeProvider<TypeBoxTypeProvider>();
  for (const schema of [Ticket, TicketListEntry, Result, Run, Batch, Usage, Problem]) app.addSchema(schema);

  app.register(errors);
  app.register(requestContext);
  app.register(requestLogger, { observeRequest: metrics.observeRequest });
  app.register(auth, options);
  app.register(unknownPaths);
  app.register(loadLimits, { limits });
  app.register(validation);
  app.register(serialization);
  app.register(jsonBodies);
  app.register(collectRoutes);

  await documentRoutes(app, { version });
  app.register(homeRoute);
  app.register(async (limited) => {
    limited.register(rateLimits, options.rateLimits);
    limited.register(ticketRoutes, { ...services, autoProcess: options.autoProcess });
    limited.register(batchRoutes, services);
    limited.register(runRoutes, services);
    limited.register(usageRoutes, services);
  });
  app.register(healthRoutes, services);
  app.register(metricsRoutes, { metrics });
  app.register(methodNotAllowed);
  await app.after();
  return app;
}
