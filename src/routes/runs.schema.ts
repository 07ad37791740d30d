import { Type } from '@sinclair/typebox';
import { exampleOf } from '../schemas/examples.ts';
import { Page, PageQuery } from '../schemas/paging.ts';
import { COMMON_ERRORS, problemExamples } from '../schemas/problem-examples.ts';
import { NoQuery, TicketParams } from '../schemas/request.ts';
import { anyProblem, ok } from '../schemas/response.ts';
import { Run } from '../schemas/run.ts';

const RunParams = Type.Object({
  ...TicketParams.properties,
  number: Type.Integer({ minimum: 0, description: "The run's number, from 1.", examples: [1] }),
});

/** A run that succeeded has no error. */
const EXAMPLE = { ...exampleOf(Run), error_code: null };

export const listRunsSchema = {
  operationId: 'listRuns',
  tags: ['Runs'],
  summary: 'List the runs of a ticket',
  description:
    'Returns the runs of a ticket in pages, newest first, including failed ones and those under way. A run keeps its ' +
    'text when a later run overwrites the result.',
  params: TicketParams,
  querystring: PageQuery,
  response: {
    200: {
      ...ok(Page(Run), 'A page of runs, newest first.', { data: [EXAMPLE] }),
      headers: {
        Link: { type: 'string', description: 'The next page, if there is one: `<…>; rel="next"` (RFC 8288).' },
      },
    },
    default: anyProblem,
  },
  errors: problemExamples(
    [...COMMON_ERRORS, 'ticket_not_found'],
    [{ loc: ['query', 'cursor'], msg: 'is not a next_cursor of this path and these parameters' }],
  ),
};

export const getRunSchema = {
  operationId: 'getRun',
  tags: ['Runs'],
  summary: 'Read a run of a ticket',
  description: 'Returns one run of a ticket with its outcome, the text that it wrote, and what it cost.',
  params: RunParams,
  querystring: NoQuery,
  response: {
    200: ok(Run, 'The run.', EXAMPLE),
    default: anyProblem,
  },
  errors: problemExamples(
    [...COMMON_ERRORS, 'ticket_not_found', 'run_not_found'],
    [{ loc: ['path', 'number'], msg: 'must be an integer, in digits only' }],
  ),
};
