import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AppError } from '../errors.ts';
import { ignoreBody } from '../plugins/body.ts';
import type { Processor } from '../processing/processor.ts';
import { NoQuery, ProcessQuery, TicketParams } from '../schemas/request.ts';
import { problems, ref } from '../schemas/response.ts';
import { Result } from '../schemas/result.ts';
import { NewTicket, Ticket } from '../schemas/ticket.ts';
import type { ResultRepository, TicketRepository } from '../storage/types.ts';

/** What the routes hand their requests to. */
export interface Services {
  tickets: TicketRepository;
  results: ResultRepository;
  processor: Processor;
}

const ticketNotFound = () => new AppError('ticket_not_found', 'ticket not found');

export const ticketRoutes: FastifyPluginAsyncTypebox<Services> = async (app, { tickets, results, processor }) => {
  const createSchema = {
    summary: 'Create a ticket',
    querystring: NoQuery,
    body: NewTicket,
    response: {
      201: ref(Ticket, {
        description: 'The ticket.',
        headers: { Location: { type: 'string', description: 'Where the ticket is: /tickets/{id}' } },
      }),
      ...problems(413, 415, 422),
    },
  };
  app.post('/tickets', { schema: createSchema }, async (request, reply) => {
    const ticket = await tickets.create(request.body);
    return reply.code(201).header('location', `/tickets/${ticket.id}`).send(ticket);
  });

  const readSchema = {
    summary: 'Read a ticket',
    params: TicketParams,
    querystring: NoQuery,
    response: { 200: ref(Ticket, { description: 'The ticket.' }), ...problems(404, 422) },
  };
  app.get('/tickets/:id', { schema: readSchema }, async (request) => {
    const ticket = await tickets.findById(request.params.id);
    if (!ticket) throw ticketNotFound();
    return ticket;
  });

  const resultSchema = {
    summary: "Read a ticket's result",
    params: TicketParams,
    querystring: NoQuery,
    response: { 200: ref(Result, { description: 'The stored result.' }), ...problems(404, 422) },
  };
  app.get('/tickets/:id/result', { schema: resultSchema }, async (request) => {
    const id = request.params.id;
    const result = await results.findByTicketId(id);
    if (result) return result;
    if (await tickets.findById(id)) throw new AppError('result_not_found', 'result not found');
    throw ticketNotFound();
  });

  const processSchema = {
    summary: 'Process a ticket',
    description: 'Answers with the stored result if there is one, else lets the model write one.',
    params: TicketParams,
    querystring: ProcessQuery,
    response: { 200: ref(Result, { description: 'The result.' }), ...problems(404, 422, 502, 503, 504) },
  };
  app.register(async (bodyless) => {
    ignoreBody(bodyless);
    bodyless.post<{ Params: TicketParams; Querystring: ProcessQuery }>(
      '/tickets/:id/process',
      { schema: processSchema, config: { costsMoney: true } },
      (request) => processor.process(request.params.id, { force: request.query.force, log: request.log }),
    );
  });
};
