import { exampleOf } from '../schemas/examples.ts';
import { problemExamples } from '../schemas/problem-examples.ts';
import { NoQuery, ProcessQuery, TicketParams } from '../schemas/request.ts';
import { anyProblem, ok } from '../schemas/response.ts';
import { Result } from '../schemas/result.ts';
import { NewTicket, Ticket } from '../schemas/ticket.ts';

/** Errors that every route for tickets has. */
const COMMON = [
  'unauthorized',
  'forbidden',
  'rate_limited',
  'invalid_input',
  'storage_unavailable',
  'overloaded',
] as const;

const INVALID_ID = [{ loc: ['path', 'id'], msg: 'must be an integer, in digits only' }];
const MISSING_TEXT = [{ loc: ['body', 'raw_text'], msg: 'is missing' }];

export const createTicketSchema = {
  operationId: 'createTicket',
  tags: ['Tickets'],
  summary: 'Create a ticket',
  description:
    'Stores an inquiry with status `new`. The model does not see it before the ticket is processed. ' +
    'Unknown fields are ignored.',
  querystring: NoQuery,
  body: { ...NewTicket, examples: [exampleOf(NewTicket)] },
  response: {
    201: {
      ...ok(Ticket, 'The new ticket.'),
      headers: { Location: { type: 'string', description: 'The path of the ticket: `/tickets/{id}`.' } },
    },
    default: anyProblem,
  },
  errors: problemExamples([...COMMON, 'invalid_json', 'body_too_large', 'unsupported_media_type'], MISSING_TEXT),
};

export const getTicketSchema = {
  operationId: 'getTicket',
  tags: ['Tickets'],
  summary: 'Read a ticket',
  description: 'Returns the ticket with its current status.',
  params: TicketParams,
  querystring: NoQuery,
  response: {
    200: ok(Ticket, 'The ticket.', { status: 'done' }),
    default: anyProblem,
  },
  errors: problemExamples([...COMMON, 'ticket_not_found'], INVALID_ID),
};

export const getTicketResultSchema = {
  operationId: 'getTicketResult',
  tags: ['Tickets'],
  summary: 'Read the result of a ticket',
  description: 'Returns the stored result. While a forced run is in progress, that is still the previous result.',
  params: TicketParams,
  querystring: NoQuery,
  response: {
    200: ok(Result, 'The stored result.'),
    default: anyProblem,
  },
  errors: problemExamples([...COMMON, 'ticket_not_found', 'result_not_found'], INVALID_ID),
};

export const processTicketSchema = {
  operationId: 'processTicket',
  tags: ['Tickets'],
  summary: 'Process a ticket',
  description:
    'Returns the stored result if there is one. Otherwise the model writes a result, which is stored and returned. ' +
    'Concurrent requests for the same ticket share one run and get the same answer. A failed run leaves the previous ' +
    'result as it was. No request body is needed.',
  params: TicketParams,
  querystring: ProcessQuery,
  response: {
    200: ok(Result, 'The stored result.'),
    default: anyProblem,
  },
  errors: problemExamples(
    [
      ...COMMON,
      'ticket_not_found',
      'llm_unauthorized',
      'llm_rejected',
      'llm_refused',
      'llm_content_filtered',
      'llm_truncated',
      'llm_invalid_output',
      'llm_rate_limited',
      'llm_quota_exhausted',
      'llm_unavailable',
      'shutting_down',
      'llm_timeout',
    ],
    INVALID_ID,
  ),
};
