import { exampleOf } from '../schemas/examples.ts';
import { Page } from '../schemas/paging.ts';
import { COMMON_ERRORS, problemExamples } from '../schemas/problem-examples.ts';
import { IdempotencyHeaders, NoQuery, ProcessHeaders, ProcessQuery, TicketParams } from '../schemas/request.ts';
import { anyProblem, LINK_HEADER, ok } from '../schemas/response.ts';
import { Result } from '../schemas/result.ts';
import { Run } from '../schemas/run.ts';
import { NewTicket, Ticket } from '../schemas/ticket.ts';
import { TicketListEntry, TicketListParameters } from '../schemas/ticket-list.ts';

/** A run as it is queued. */
const QUEUED_RUN = {
  ...Object.fromEntries(
    Object.entries(Run.properties).flatMap(([name, { type }]) => (Array.isArray(type) ? [[name, null]] : [])),
  ),
  status: 'queued' as const,
  attempts: 0,
};

const INVALID_ID = [{ loc: ['path', 'id'], msg: 'must be an integer, in digits only' }];
const MISSING_TEXT = [{ loc: ['body', 'raw_text'], msg: 'is missing' }];

export const createTicketSchema = {
  operationId: 'createTicket',
  tags: ['Tickets'],
  summary: 'Create a ticket',
  description:
    'Stores an inquiry with status `new`. The model does not see it before the ticket is processed; with ' +
    '`AUTO_PROCESS` it is queued at once, with status `processing`. ' +
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

export const listTicketsSchema = {
  operationId: 'listTickets',
  tags: ['Tickets'],
  summary: 'List and search tickets',
  description:
    'Returns the tickets that match all given parameters, in pages. New tickets do not shift the pages that follow. ' +
    'With `q`, a page may have fewer entries than `limit`, or none, before the last one: a search that takes long ' +
    'returns what it has found, and `next_cursor` continues it.',
  querystring: TicketListParameters,
  response: {
    200: {
      ...ok(Page(TicketListEntry), 'A page of tickets.', { data: [{ ...exampleOf(TicketListEntry), status: 'done' }] }),
      headers: LINK_HEADER,
    },
    default: anyProblem,
  },
  errors: problemExamples(
    [...COMMON_ERRORS],
    [
      {
        loc: ['query', 'created_after'],
        msg: 'must be a date such as 2026-02-17 or a time such as 2026-02-17T16:35:05Z',
      },
    ],
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
    'request body is needed.\n\n' +
    'With `Prefer: respond-async` the run is queued, and the answer is 202 with the run to poll. A queued run survives ' +
    'restarts and is tried again after failures that pass. A request without the header starts a queued run at once ' +
    'and waits for it.',
  headers: ProcessHeaders,
  params: TicketParams,
  querystring: ProcessQuery,
  response: {
    200: ok(Result, 'The stored result.'),
    202: {
      ...ok(Run, 'The run that is queued or under way.', QUEUED_RUN),
      headers: {
        'Preference-Applied': {
          type: 'string',
          enum: ['respond-async'],
          description: 'The preference that was applied.',
        },
        Location: { type: 'string', description: 'The path of the run: `/tickets/{id}/runs/{number}`.' },
        'Retry-After': { type: 'integer', description: 'After how many seconds to read the run.' },
      },
    },
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
