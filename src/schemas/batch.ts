import { type Static, Type } from '@sinclair/typebox';
import { Defaulted, Nullable, Timestamp } from './text.ts';
import { TicketFilters } from './ticket-list.ts';

const MAX_IDS = 10_000;

/** What a client sends to create a batch. */
export const NewBatch = Type.Object(
  {
    ids: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), {
        minItems: 1,
        maxItems: MAX_IDS,
        description: 'The ids of the tickets. One that occurs twice counts once.',
        examples: [[1, 2, 3]],
      }),
    ),
    filter: Type.Optional(
      Type.Object(TicketFilters.properties, {
        additionalProperties: false,
        description:
          'The tickets that match now, as in the list of tickets; `{}`: all. `status`, `category` and `source` are lists ' +
          'or single values.',
        examples: [{ status: ['new'] }],
      }),
    ),
    force: Defaulted(
      Type.Boolean({
        default: false,
        description: 'Run the model for tickets that have a result, too.',
        examples: [false],
      }),
    ),
  },
  { additionalProperties: false, oneOf: [{ required: ['ids'] }, { required: ['filter'] }] },
);
export type NewBatch = Static<typeof NewBatch>;

const count = (description: string, example: number) => Type.Integer({ description, examples: [example] });

export const Batch = Type.Object(
  {
    id: Type.Integer({ description: "The batch's id.", examples: [1] }),
    created_at: Timestamp({ description: 'When the batch was created, in UTC.' }),
    finished_at: Nullable(
      Timestamp({ description: 'When none of its tickets was queued or running any more, in UTC.' }),
    ),
    total: count('Number of tickets. The counts that follow add up to it.', 120),
    queued: count('Tickets that wait, also for a retry.', 80),
    running: count('Tickets whose run is under way.', 8),
    succeeded: count('Tickets whose run has stored a result.', 30),
    failed: count('Tickets that have failed.', 1),
    skipped: count(
      'Tickets without a run of the batch: unknown or deleted, cancelled, already queued or under way, or with a result ' +
        'and without `force`.',
      1,
    ),
    cost_usd: Nullable(
      Type.Number({
        description: 'Known cost of all runs so far in US dollars. Null if none is known.',
        examples: [0.0042],
      }),
    ),
  },
  { $id: 'Batch', description: 'Background runs of many tickets, and how far they are.' },
);
export type Batch = Static<typeof Batch>;
