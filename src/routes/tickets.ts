import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AppError } from '../errors.ts';
import { ignoreBody } from '../plugins/ignored-body.ts';
import type { Processor } from '../processing/processor.ts';
import type { ProcessQuery, TicketParams } from '../schemas/request.ts';
import type { Storage } from '../storage/types.ts';
import { idempotencyKeyOf, keyReused } from './idempotency.ts';
import {
  createTicketSchema,
  deleteTicketSchema,
  getTicketResultSchema,
  getTicketSchema,
  processTicketSchema,
} from './tickets.schema.ts';

type TicketServices = Pick<Storage, 'tickets' | 'results'> & { processor: Processor };

export const ticketNotFound = () => new AppError('ticket_not_found', 'ticket not found');

export const ticketRoutes: FastifyPluginAsyncTypebox<TicketServices> = async (app, { tickets, results, processor }) => {
  app.post('/tickets', { schema: createTicketSchema }, async (request, reply) => {
    const key = idempotencyKeyOf(request);
    const created = key
      ? await tickets.createOnce(request.body, key)
      : { ticket: await tickets.create(request.body), isReplay: false };
    if (!created) throw keyReused();
    if (created.isReplay) reply.header('idempotent-replayed', 'true');
    return reply.code(201).header('location', `/tickets/${created.ticket.id}`).send(created.ticket);
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
      (request) => processor.process(request.params.id, { force: request.query.force, log: request.log }),
    );
  });
};
