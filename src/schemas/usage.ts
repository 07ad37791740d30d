import { type Static, type StringOptions, Type } from '@sinclair/typebox';
import { RUN_STATUSES } from './run.ts';
import { Defaulted, Nullable, StringEnum } from './text.ts';

export const USAGE_GROUPS = ['day', 'model', 'prompt_version', 'category', 'error_code'] as const;
export type UsageGroupName = (typeof USAGE_GROUPS)[number];

const GROUP_BY = { description: 'What the runs are grouped by.', examples: ['day'] };

const date = (description: string, options: StringOptions = {}) =>
  Type.String({ format: 'date', description, ...options });

/** What a client asks for. */
export const UsageParameters = Type.Object(
  {
    from: Type.Optional(date('First UTC date, inclusive. Without it, 29 days before `to`. At most 3,660 days.')),
    to: Type.Optional(date('Last UTC date, inclusive. Without it, today.')),
    group_by: Defaulted(StringEnum(USAGE_GROUPS, { ...GROUP_BY, default: 'day' })),
  },
  { additionalProperties: false },
);
export type UsageParameters = Static<typeof UsageParameters>;

const count = (description: string, example: number) => Type.Integer({ description, examples: [example] });
const latency = (description: string, example: number) =>
  Nullable(Type.Integer({ description: `${description} Within 5 %. Null if none is known.`, examples: [example] }));

type Status = (typeof RUN_STATUSES)[number];
const EXAMPLE_COUNTS: Record<Status, number> = { queued: 0, running: 1, succeeded: 118, failed: 2, abandoned: 0 };
const countsByStatus = RUN_STATUSES.map((status) => [
  status,
  count(`Runs with the status \`${status}\`.`, EXAMPLE_COUNTS[status]),
]);

const sums = {
  runs: Type.Object(Object.fromEntries(countsByStatus) as Record<Status, ReturnType<typeof count>>, {
    description: 'Number of runs by status.',
  }),
  input_tokens: count('Sum of the reported input tokens.', 49_440),
  output_tokens: count('Sum of the reported output tokens.', 11_520),
  total_tokens: count('Sum of the reported total tokens.', 60_960),
  cached_tokens: count('Sum of the reported cached input tokens.', 0),
  cost_usd: Nullable(
    Type.Number({ description: 'Sum of the known costs in US dollars. Null if none is known.', examples: [0.014328] }),
  ),
  p50_latency_ms: latency('Median latency of successful provider calls in ms.', 1200),
  p95_latency_ms: latency('95th percentile of the latency of successful provider calls in ms.', 3400),
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
    from: date('First UTC date, inclusive.', { examples: ['2026-02-01'] }),
    to: date('Last UTC date, inclusive.', { examples: ['2026-02-28'] }),
    group_by: StringEnum(USAGE_GROUPS, GROUP_BY),
    data: Type.Array(UsageGroup, { description: 'One entry per group, in the order of `group`.' }),
    total: UsageTotal,
  },
  { $id: 'Usage', description: 'Runs, tokens, cost and latency in a range of dates, by group.' },
);
export type Usage = Static<typeof Usage>;
