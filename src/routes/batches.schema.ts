import { Type } from '@sinclair/typebox';
import { Batch, NewBatch } from '../schemas/batch.ts';
import { exampleOf } from '../schemas/examples.ts';
import { Page, PageQuery } from '../schemas/paging.ts';
import { COMMON_ERRORS, problemExamples } from '../schemas/problem-examples.ts';
import { IdempotencyHeaders, NoQuery } from '../schemas/request.ts';
import { anyProblem, LINK_HEADER, ok } from '../schemas/response.ts';

const BatchParams = Type.Object({
  id: Type.Integer({ minimum: 0, description: "The batch's id.", examples: [1] }),
});

const INVALID_ID = [{ loc: ['path', 'id'], msg: 'must be an integer, in digits only' }];
const UNFINISHED = { finished_at: null };
const { filter: _, ...EXAMPLE_BODY } = exampleOf(NewBatch);

export const createBatchSchema = {
  operationId: 'createBatch',
  tags: ['Batches'],
  summary: 'Process many tickets',
  description:
    'Queues a background run of each ticket, given by `ids` or by a `filter`. The answer does not wait for them. Tickets ' +
    'that have a result are skipped without `force`.',
  headers: IdempotencyHeaders,
  querystring: NoQuery,
  body: { ...NewBatch, examples: [EXAMPLE_BODY] },
  response: {
    202: {
      ...ok(Batch, 'The new batch, or the one that was created first with this `Idempotency-Key`.', UNFINISHED),
      headers: {
        Location: { type: 'string', description: 'The path of the batch: `/batches/{id}`.' },
        'Idempotent-Replayed': {
          type: 'string',
          enum: ['true'],
          description: 'Present if an earlier request with this `Idempotency-Key` created the batch.',
        },
      },
    },
    default: anyProblem,
  },
  errors: problemExamples(
    [...COMMON_ERRORS, 'idempotency_key_reused', 'invalid_json', 'body_too_large', 'unsupported_media_type'],
    [{ loc: ['body'], msg: 'must have exactly one of the alternatives' }],
  ),
};

export const listBatchesSchema = {
  operationId: 'listBatches',
  tags: ['Batches'],
  summary: 'List batches',
  description: 'Returns the batches in pages, newest first.',
  querystring: PageQuery,
  response: {
    200: {
      ...ok(Page(Batch), 'A page of batches, newest first.', { data: [{ ...exampleOf(Batch), ...UNFINISHED }] }),
      headers: LINK_HEADER,
    },
    default: anyProblem,
  },
  errors: problemExamples(
    [...COMMON_ERRORS],
    [{ loc: ['query', 'cursor'], msg: 'is not a next_cursor of this path and these parameters' }],
  ),
};

export const getBatchSchema = {
  operationId: 'getBatch',
  tags: ['Batches'],
  summary: 'Read a batch',
  description: 'Returns how many tickets of the batch are in which state, and what their runs have cost so far.',
  params: BatchParams,
  querystring: NoQuery,
  response: {
    200: ok(Batch, 'The batch.', UNFINISHED),
    default: anyProblem,
  },
  errors: problemExamples([...COMMON_ERRORS, 'batch_not_found'], INVALID_ID),
};

export const cancelBatchSchema = {
  operationId: 'cancelBatch',
  tags: ['Batches'],
  summary: 'Cancel a batch',
  description:
    'Cancels the runs that are still queued; their tickets get their former status and count as skipped. Runs under ' +
    'way continue. The batch can still be read.',
  params: BatchParams,
  querystring: NoQuery,
  response: {
    200: ok(Batch, 'The cancelled batch.', { queued: 0, skipped: 81 }),
    default: anyProblem,
  },
  errors: problemExamples([...COMMON_ERRORS, 'batch_not_found'], INVALID_ID),
};
