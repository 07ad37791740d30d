import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AppError } from '../errors.ts';
import { completeRange, findRangeError } from '../schemas/date.ts';
import type { Storage } from '../storage/types.ts';
import { getUsageSchema } from './usage.schema.ts';

export const usageRoutes: FastifyPluginAsyncTypebox<Pick<Storage, 'usage'>> = async (app, { usage }) => {
  app.get('/usage', { schema: getUsageSchema }, async (request) => {
    const { group_by, ...dates } = request.query;
    const range = completeRange(dates);
    const error = findRangeError(range);
    if (error) throw invalidFrom(error);
    const report = await usage.report({ ...range, groupBy: group_by });
    return { ...range, group_by, ...report };
  });
};

const invalidFrom = (msg: string) =>
  new AppError('invalid_input', 'invalid input', { errors: [{ loc: ['query', 'from'], msg }] });
