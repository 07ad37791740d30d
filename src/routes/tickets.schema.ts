import { exampleOf } from '../schemas/examples.ts';
import { COMMON_ERRORS, problemExamples } from '../schemas/problem-examples.ts';
import { IdempotencyHeaders, NoQuery, ProcessQuery, TicketParams } from '../schemas/request.ts';
import { anyProblem, ok } from '../schemas/response.ts';
import { Result } from '../schemas/result.ts';
import { NewTicket, Ticket } from '../schemas/ticket.ts';

const INVALID_ID = [{ loc: ['path', 'id'], msg: 'must be an integer, in digits only' }];
const MISSING_TEXT = [{ loc: ['body', 'raw_text'], msg: 'is missing' }];

export const createTicketSchema = {
  operationId: 'createTicket',
  tags: ['Tickets'],
  summary: 'Create a ticket',
  description:
    'Stores an inquiry with status `new`. The model does not see it before the ticket is processed. ' +
    'Unknown fields are ignored. With an `Idempotency-Key`, a repeated request returns the first ticket with its ' +
    'current status and creates no other.',
  headers: IdempotencyHeaders,
  querystring: NoQuery,
  body: { ...NewTicket, examples: [exampleOf(NewTicket)] },
  response: {
    201: {
      ...ok(Ticket, 'The new ticket, or the one that was created first with this `Idempotency-Key`.'),
      headers: {
        Location: { type: 'string', description: 'The path of the ticket: `/tickets/{id}`.' },
        'Idempotent-Replayed': {
          type: 'string',
          enum: ['true'],
          description: 'Present if an earlier request with this `Idempotency-Key` created the ticket.',
        },
      },
    },
    default: anyProblem,
  },
  errors: problemExamples(
    [...COMMON_ERRORS, 'idempotency_key_reused', 'invalid_json', 'body_too_large', 'unsupported_media_type'],
    MISSING_TEXT,
  ),
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
  errors: problemExamples([...COMMON_ERRORS, 'ticket_not_found'], INVALID_ID),
};

export const deleteTicketSchema = {
  operationId: 'deleteTicket',
  tags: ['Tickets'],
  summary: 'Delete a ticket',
  description:
    'Deletes the ticket with its result, runs and idempotency keys. A run in progress is discarded: requests that wait ' +
    'for it get 404. Sums of usage stay. No request body is needed.',
  params: TicketParams,
  querystring: NoQuery,
  response: {
    204: { description: 'The ticket is deleted.', type: 'null' },
    default: anyProblem,
  },
  errors: problemExamples([...COMMON_ERRORS, 'ticket_not_found'], INVALID_ID),
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
  errors: problemExamples([...COMMON_ERRORS, 'ticket_not_found', 'result_not_found'], INVALID_ID),
};

export const processTicketSchema = {
  operationId: 'processTicket',
  tags: ['Tickets'],
  summary: 'Process a ticket',
  description:
    'Returns the stored result if there is one. Otherwise the model writes a result, which is stored and returned. ' +
    'Concurrent requests for the same ticket share one run and get the same answer. A failed run leaves the previous ' +
    'result as it was. If the budget for the day is used up, no run starts; stored results are still returned. No ' +
    'request body is needed.',
  params: TicketParams,
  querystring: ProcessQuery,
  response: {
    200: ok(Result, 'The stored result.'),
    default: anyProblem,
  },
  errors: problemExamples(
    [
      ...COMMON_ERRORS,
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
      'budget_exhausted',
      'llm_timeout',
    ],
    INVALID_ID,
  ),
};
