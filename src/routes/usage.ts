import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AppError } from '../errors.ts';
import type { UsageParameters } from '../schemas/usage.ts';
import type { Storage } from '../storage/types.ts';
import { getUsageSchema } from './usage.schema.ts';

const DAY_MS = 24 * 3600 * 1000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 3660;

export const usageRoutes: FastifyPluginAsyncTypebox<Pick<Storage, 'usage'>> = async (app, { usage }) => {
  app.get('/usage', { schema: getUsageSchema }, async (request) => {
    const { from, to } = dateRange(request.query);
    const { group_by } = request.query;
    const report = await usage.report({ from, to, groupBy: group_by });
    return { from, to, group_by, ...report };
  });
};

/** The requested dates. Without them, the last 30 days up to `to`, which is today in UTC. */
function dateRange({ from, to = toDate(Date.now()) }: Pick<UsageParameters, 'from' | 'to'>) {
  const last = Date.parse(to);
  const first = from === undefined ? last - (DEFAULT_DAYS - 1) * DAY_MS : Date.parse(from);
  if (first > last) throw invalidFrom('must not be after to');
  if (last - first >= MAX_DAYS * DAY_MS) throw invalidFrom(`must be less than ${MAX_DAYS} days before to`);
  return { from: toDate(first), to };
}

const toDate = (time: number) => new Date(time).toISOString().slice(0, 10);

const invalidFrom = (msg: string) =>
  new AppError('invalid_input', 'invalid input', { errors: [{ loc: ['query', 'from'], msg }] });
