import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import { ignoreBody } from '../plugins/ignored-body.ts';
import type { BatchWorker } from '../processing/batch-worker.ts';
import type { NewBatch } from '../schemas/batch.ts';
import type { BatchDefinition, Storage, TicketFilter } from '../storage/types.ts';
import { cancelBatchSchema, createBatchSchema, getBatchSchema, listBatchesSchema } from './batches.schema.ts';
import { idempotencyKeyOf, keyReused } from './idempotency.ts';
import { makePage, readCursor } from './paging.ts';
import { toFilter } from './ticket-list.ts';

type BatchServices = Pick<Storage, 'batches' | 'tickets'> & { batchWorker: Pick<BatchWorker, 'wake' | 'cancel'> };

const batchNotFound = () => new AppError('batch_not_found', 'batch not found');
const isBatchId = (value: unknown): value is number => Number.isSafeInteger(value);

export const batchRoutes: FastifyPluginAsyncTypebox<BatchServices> = async (app, { batches, tickets, batchWorker }) => {
  async function findBatch(id: number) {
    const batch = await batches.findById(id);
    if (!batch) throw batchNotFound();
    return batch;
  }

  app.post(
    '/batches',
    { schema: createBatchSchema, config: { costsMoney: true }, preValidation: wrapSingleValues },
    async (request, reply) => {
      const { force } = request.body;
      const definition = toDefinition(request.body);
      const total = 'ids' in definition ? definition.ids.length : await tickets.count(definition.filter);
      const created = await batches.create({ definition, force, total }, idempotencyKeyOf(request, request.body));
      if (!created) throw keyReused();
      if (created.isReplay) reply.header('idempotent-replayed', 'true');
      batchWorker.wake();
      return reply.code(202).header('location', `/batches/${created.batch.id}`).send(created.batch);
    },
  );

  app.get('/batches', { schema: listBatchesSchema }, async (request, reply) => {
    const before = readCursor(request, isBatchId);
    const rows = await batches.list({ limit: request.query.limit + 1, before });
    return makePage(request, reply, rows, ({ id }) => id);
  });

  app.get('/batches/:id', { schema: getBatchSchema }, ({ params }) => findBatch(params.id));

  app.register(async (bodyless) => {
    await bodyless.register(ignoreBody);
    bodyless.delete<{ Params: { id: number } }>('/batches/:id', { schema: cancelBatchSchema }, async ({ params }) => {
      if (!(await batches.cancel(params.id))) throw batchNotFound();
      await batchWorker.cancel(params.id);
      return findBatch(params.id);
    });
  });
};

/** The filter's lists may be given as single values, as in a query. */
async function wrapSingleValues({ body }: FastifyRequest): Promise<void> {
  const filter = Object(Object(body).filter);
  for (const name of ['status', 'category', 'source']) {
    if (typeof filter[name] === 'string') filter[name] = [filter[name]];
  }
}

/** The schema requires either ids or a filter. */
const toDefinition = ({ ids, filter = {} }: NewBatch): BatchDefinition =>
  ids ? { ids: [...new Set(ids)] } : { filter: beforeNow(toFilter(filter)) };

/** Leaves out tickets that are created in a later second. */
function beforeNow(filter: TicketFilter): TicketFilter {
  const nextSecond = new Date((Math.floor(Date.now() / 1000) + 1) * 1000);
  const { createdBefore = nextSecond } = filter;
  return { ...filter, createdBefore: createdBefore < nextSecond ? createdBefore : nextSecond };
}
