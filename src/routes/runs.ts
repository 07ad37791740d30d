import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AppError } from '../errors.ts';
import type { Storage } from '../storage/types.ts';
import { makePage, readCursor } from './paging.ts';
import { getRunSchema, listRunsSchema } from './runs.schema.ts';
import { ticketNotFound } from './tickets.ts';

const isRunNumber = (value: unknown): value is number => Number.isSafeInteger(value);

export const runRoutes: FastifyPluginAsyncTypebox<Pick<Storage, 'tickets' | 'runs'>> = async (
  app,
  { tickets, runs },
) => {
  app.get('/tickets/:id/runs', { schema: listRunsSchema }, async (request, reply) => {
    const before = readCursor(request, isRunNumber);
    const rows = await runs.listRuns(request.params.id, { limit: request.query.limit + 1, before });
    if (!rows) throw ticketNotFound();
    return makePage(request, reply, rows, ({ number }) => number);
  });

  app.get('/tickets/:id/runs/:number', { schema: getRunSchema }, async (request) => {
    const { id, number } = request.params;
    const run = await runs.findRun(id, number);
    if (run) return run;
    if (await tickets.findById(id)) throw new AppError('run_not_found', 'run not found');
    throw ticketNotFound();
  });
};
