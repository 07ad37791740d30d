import { type Static, Type } from '@sinclair/typebox';
import { ERROR_CODES } from '../errors.ts';
import { CATEGORIES, Result, TokenUsage } from './result.ts';
import { Nullable, StringEnum, Timestamp } from './text.ts';

export const RUN_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'abandoned'] as const;

/** What a run used: sums over all its attempts whose usage is known. */
export const RunUsage = Type.Object({
  attempts: Type.Integer({ description: 'Provider calls that the run has made.', examples: [1] }),
  ...TokenUsage.properties,
  cost_usd: Nullable(
    Type.Number({
      description: 'Cost of all attempts in US dollars. Null if the price of the model or the usage is unknown.',
      examples: [0.000119],
    }),
  ),
});
export type RunUsage = Static<typeof RunUsage>;

const { summary, category, reply_draft, openai_request_id, latency_ms } = Result.properties;

/** One execution of the model for a ticket. */
export const Run = Type.Object(
  {
    id: Type.Integer({ description: "The run's id.", examples: [1] }),
    ticket_id: Type.Integer({ description: 'The ticket that the run belongs to.', examples: [1] }),
    number: Type.Integer({ description: "Counts the ticket's runs from 1.", examples: [1] }),
    status: StringEnum(RUN_STATUSES, {
      description:
        '`queued`: waits to be executed. `running`: a server executes it. `succeeded`: its result was stored. ' +
        '`failed`: see `error_code`. `abandoned`: its server stopped or died before there was an outcome.',
      examples: ['succeeded'],
    }),
    created_at: Timestamp({ description: 'When the run was requested, in UTC.' }),
    started_at: Nullable(Timestamp({ description: 'When a server started it, in UTC.' })),
    finished_at: Nullable(Timestamp({ description: 'When it ended, in UTC.' })),
    error_code: Nullable(
      StringEnum(ERROR_CODES, { description: 'Why the run failed.', examples: ['llm_rate_limited'] }),
    ),
    prompt_version: Nullable(Type.String({ description: 'The version of the prompt.', examples: ['v1'] })),
    provider: Nullable(Type.String({ description: 'The provider that was called.', examples: ['openai'] })),
    model: Nullable(
      Type.String({
        description: 'The model that answered, or the configured one if none did.',
        examples: ['gpt-4o-mini-2024-07-18'],
      }),
    ),
    openai_request_id,
    latency_ms,
    ...RunUsage.properties,
    summary: Nullable(Type.String({ description: summary.description, examples: summary.examples })),
    category: Nullable(StringEnum(CATEGORIES, { description: category.description, examples: ['auth/login'] })),
    reply_draft: Nullable(Type.String({ description: reply_draft.description, examples: reply_draft.examples })),
  },
  { $id: 'Run', description: 'One execution of the model for a ticket, with its outcome and cost.' },
);
export type Run = Static<typeof Run>;
