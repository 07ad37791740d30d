import { Type } from '@sinclair/typebox';
import { problemExamples } from '../schemas/problem-examples.ts';
import { anyProblem, ok } from '../schemas/response.ts';

const METRICS_EXAMPLE = `# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1.52
`;

export const getHealthSchema = {
  operationId: 'getHealth',
  tags: ['Operations'],
  summary: 'Check that the server is up',
  description: 'A liveness probe: the process runs and answers. It needs no API key and does not touch the database.',
  security: [],
  response: {
    200: ok(Type.Object({ ok: Type.Boolean({ description: 'Always true.', examples: [true] }) }), 'The server is up.'),
    default: anyProblem,
  },
  errors: problemExamples(['bad_request']),
};

export const getReadinessSchema = {
  operationId: 'getReadiness',
  tags: ['Operations'],
  summary: 'Check that the server can work',
  description:
    'A readiness probe; it needs no API key. The `detail` of a 503 names the failed check: `database_read`, ' +
    '`database_write` or `shutdown`.',
  security: [],
  response: {
    200: ok(
      Type.Object({ ready: Type.Boolean({ description: 'Always true.', examples: [true] }) }),
      'The server can read and write its database and is not shutting down.',
    ),
    default: anyProblem,
  },
  errors: problemExamples(['bad_request', 'not_ready']),
};

export const getMetricsSchema = {
  operationId: 'getMetrics',
  tags: ['Operations'],
  summary: 'Read the metrics',
  description:
    'All metrics of this process in the text format of Prometheus. If the server has a `METRICS_KEY`, it accepts that ' +
    'key as well.',
  response: {
    200: {
      description: 'The metrics.',
      content: { 'text/plain': { schema: { type: 'string' }, example: METRICS_EXAMPLE } },
    },
    default: anyProblem,
  },
  errors: problemExamples(['unauthorized', 'forbidden']),
};
