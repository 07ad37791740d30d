import type { FastifyPluginAsync } from 'fastify';
import type { Metrics } from '../observability/metrics.ts';
import { problems } from '../schemas/response.ts';

/** `GET /metrics`, for Prometheus; it answers also when the server has too much to do. */
export const metricsRoutes: FastifyPluginAsync<{ metrics: Metrics }> = async (app, { metrics }) => {
  const { registry } = metrics;
  const schema = {
    summary: 'Metrics in the format of Prometheus',
    response: {
      200: { description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } } } },
      ...problems(401),
    },
  };
  const config = { acceptsMetricsKey: true, pressureHandler: () => undefined };
  app.get('/metrics', { schema, config }, async (_request, reply) => {
    const text = await registry.metrics();
    return reply.type(registry.contentType).send(text);
  });
};
