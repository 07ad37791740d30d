import type { FastifyPluginAsync } from 'fastify';
import type { Metrics } from '../observability/metrics.ts';
import { getMetricsSchema } from './operations.schema.ts';

/** `GET /metrics`, for Prometheus. It also answers while the server is overloaded. */
export const metricsRoutes: FastifyPluginAsync<{ metrics: Metrics }> = async (app, { metrics }) => {
  const { registry } = metrics;
  const config = { acceptsMetricsKey: true, pressureHandler: () => undefined };
  app.get('/metrics', { schema: getMetricsSchema, config }, async (_request, reply) => {
    const text = await registry.metrics();
    return reply.type(registry.contentType).send(text);
  });
};
