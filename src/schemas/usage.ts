import { type Static, Type } from '@sinclair/typebox';
import { RUN_STATUSES } from './run.ts';
import { Nullable, StringEnum } from './text.ts';

export const USAGE_GROUPS = ['day', 'model', 'prompt_version', 'category', 'error_code'] as const;
export type UsageGroupName = (typeof USAGE_GROUPS)[number];

const count = (description: string) => Type.Integer({ description, examples: [12] });
const latency = (description: string) =>
  Nullable(Type.Integer({ description: `${description} Within 5 %. Null without successful runs.`, examples: [1200] }));

const sums = {
  runs: Type.Object(
    Object.fromEntries(RUN_STATUSES.map((status) => [status, count(`Runs with the status ${status}.`)])) as Record<
      (typeof RUN_STATUSES)[number],
      ReturnType<typeof count>
    >,
    { description: 'Number of runs by status.' },
  ),
  input_tokens: count('Sum of the reported input tokens.'),
  output_tokens: count('Sum of the reported output tokens.'),
  total_tokens: count('Sum of the reported total tokens.'),
  cached_tokens: count('Sum of the reported cached input tokens.'),
  cost_usd: Nullable(
    Type.Number({ description: 'Sum of the known costs in US dollars. Null if none is known.', examples: [0.0143] }),
  ),
  p50_latency_ms: latency('Median latency of successful provider calls in ms.'),
  p95_latency_ms: latency('95th percentile of the latency of successful provider calls in ms.'),
};

export const UsageTotal = Type.Object(sums, { description: 'All groups together.' });
export type UsageTotal = Static<typeof UsageTotal>;

export const UsageGroup = Type.Object({
  group: Nullable(
    Type.String({
      description: 'The value that the runs have in common. Null for runs without one.',
      examples: ['2026-02-17'],
    }),
  ),
  ...sums,
});
export type UsageGroup = Static<typeof UsageGroup>;

/** What runs have used, by group. */
export const Usage = Type.Object(
  {
    from: Type.String({ format: 'date', description: 'First UTC date, inclusive.', examples: ['2026-02-01'] }),
    to: Type.String({ format: 'date', description: 'Last UTC date, inclusive.', examples: ['2026-02-28'] }),
    group_by: StringEnum(USAGE_GROUPS, { description: 'What the runs are grouped by.', examples: ['day'] }),
    data: Type.Array(UsageGroup, { description: 'One entry per group, in the order of `group`.' }),
    total: UsageTotal,
  },
  { $id: 'Usage', description: 'Runs, tokens, cost and latency in a range of dates, by group.' },
);
export type Usage = Static<typeof Usage>;
