import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AppError } from '../errors.ts';
import { ignoreBody } from '../plugins/ignored-body.ts';
import type { Processor } from '../processing/processor.ts';
import type { ProcessQuery, TicketParams } from '../schemas/request.ts';
import type { ResultRepository, TicketRepository } from '../storage/types.ts';
import { createTicketSchema, getTicketResultSchema, getTicketSchema, processTicketSchema } from './tickets.schema.ts';

export interface Services {
  tickets: TicketRepository;
  results: ResultRepository;
  processor: Processor;
}

const ticketNotFound = () => new AppError('ticket_not_found', 'ticket not found');

export const ticketRoutes: FastifyPluginAsyncTypebox<Services> = async (app, { tickets, results, processor }) => {
  app.post('/tickets', { schema: createTicketSchema }, async (request, reply) => {
    const ticket = await tickets.create(request.body);
    return reply.code(201).header('location', `/tickets/${ticket.id}`).send(ticket);
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
    bodyless.post<{ Params: TicketParams; Querystring: ProcessQuery }>(
      '/tickets/:id/process',
      { schema: processTicketSchema, config: { costsMoney: true } },
      (request) => processor.process(request.params.id, { force: request.query.force, log: request.log }),
    );
  });
};
