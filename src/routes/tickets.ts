import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AppError } from '../errors.ts';
import { ignoreBody } from '../plugins/ignored-body.ts';
import type { Enqueue } from '../processing/enqueue.ts';
import type { Processor } from '../processing/processor.ts';
import type { Queue } from '../processing/queue.ts';
import type { ProcessQuery, TicketParams } from '../schemas/request.ts';
import type { Storage } from '../storage/types.ts';
import { idempotencyKeyOf, keyReused } from './idempotency.ts';
import { linkPage, readCursor } from './paging.ts';
import { parsePrefer } from './prefer.ts';
import { isTicketPosition, toFilter } from './ticket-list.ts';
import {
  createTicketSchema,
  deleteTicketSchema,
  getTicketResultSchema,
  getTicketSchema,
  listTicketsSchema,
  processTicketSchema,
} from './tickets.schema.ts';

type TicketServices = Pick<Storage, 'tickets' | 'results'> & {
  processor: Pick<Processor, 'process'>;
  enqueue: Enqueue;
  queue: Pick<Queue, 'wake'>;
  /** Queue a run of each new ticket. */
  autoProcess: boolean;
};

export const ticketNotFound = () => new AppError('ticket_not_found', 'ticket not found');

export const ticketRoutes: FastifyPluginAsyncTypebox<TicketServices> = async (app, services) => {
  const { tickets, results, processor, enqueue, queue, autoProcess } = services;

  app.post('/tickets', { schema: createTicketSchema, config: { costsMoney: autoProcess } }, async (request, reply) => {
    const { source, raw_text } = request.body;
    const key = idempotencyKeyOf(request, { source, raw_text }); // not other fields, which are ignored
    const created = key
      ? await tickets.createOnce(request.body, key, { enqueue: autoProcess })
      : { ticket: await tickets.create(request.body, { enqueue: autoProcess }), isReplay: false };
    if (!created) throw keyReused();
    if (autoProcess) queue.wake();
    if (created.isReplay) reply.header('idempotent-replayed', 'true');
    return reply.code(201).header('location', `/tickets/${created.ticket.id}`).send(created.ticket);
  });

  app.get('/tickets', { schema: listTicketsSchema }, async (request, reply) => {
    const { order, limit } = request.query;
    const after = readCursor(request, isTicketPosition);
    const { data, next } = await tickets.list({ filter: toFilter(request.query), order, limit, after });
    return linkPage(request, reply, data, next);
  });

  app.get('/tickets/:id', { schema: getTicketSchema }, async (request) => {
    const ticket = await tickets.findById(request.params.id);
    if (!ticket) throw ticketNotFound();
    return ticket;
  });

  app.get('/tickets/:id/result', { schema: getTicketResultSchema }, async (request) => {
    const id = request.params.id;
    const result = await results.findByTicketId(id);
    if (result) return result;
    if (await tickets.findById(id)) throw new AppError('result_not_found', 'result not found');
    throw ticketNotFound();
  });

  app.register(async (bodyless) => {
    await bodyless.register(ignoreBody);
    bodyless.delete<{ Params: TicketParams }>(
      '/tickets/:id',
      { schema: deleteTicketSchema },
      async (request, reply) => {
        if (!(await tickets.delete(request.params.id))) throw ticketNotFound();
        return reply.code(204).send();
      },
    );

    bodyless.post<{ Params: TicketParams; Querystring: ProcessQuery }>(
      '/tickets/:id/process',
      { schema: processTicketSchema, config: { costsMoney: true } },
      async (request, reply) => {
        const { id } = request.params;
        const { force } = request.query;
        const { respondAsync, waitMs } = parsePrefer(request.headers.prefer);
        if (!respondAsync) return processor.process(id, { force, log: request.log });
        const enqueued = await enqueue(id, { force, waitMs });
        if ('result' in enqueued) return enqueued.result;
        return reply
          .code(202)
          .headers({ 'preference-applied': 'respond-async', 'retry-after': 1 })
          .header('location', `/tickets/${id}/runs/${enqueued.run.number}`)
          .send(enqueued.run);
      },
    );
  });
};
