import { type Static, Type } from '@sinclair/typebox';
import { Nullable, StringEnum, Text, Timestamp } from './text.ts';

export const CATEGORIES = ['auth/login', 'billing', 'bug', 'feature_request', 'account', 'other'] as const;
export type Category = (typeof CATEGORIES)[number];

/** What a model has to answer. Lengths count code points. */
export const ModelOutput = Type.Object(
  {
    summary: Text({ minLength: 1, maxLength: 600 }),
    category: StringEnum(CATEGORIES),
    reply_draft: Text({ minLength: 1, maxLength: 2000 }),
  },
  { additionalProperties: false },
);
export type ModelOutput = Static<typeof ModelOutput>;

const Count = Nullable(Type.Integer());

/** Tokens of a provider call; null where the provider reported none. */
export const TokenUsage = Type.Object({
  input_tokens: Count,
  output_tokens: Count,
  total_tokens: Count,
  cached_tokens: Count,
});
export type TokenUsage = Static<typeof TokenUsage>;

export const NO_USAGE: TokenUsage = {
  input_tokens: null,
  output_tokens: null,
  total_tokens: null,
  cached_tokens: null,
};

/** How the answer came about and what it cost; null where the provider gave none. */
export const CallMetadata = Type.Object({
  model: Type.String({ description: 'The model that the provider says it used.' }),
  openai_request_id: Nullable(Type.String()),
  latency_ms: Nullable(
    Type.Integer({ description: 'Duration of the successful provider call in whole milliseconds.' }),
  ),
  ...TokenUsage.properties,
});
export type CallMetadata = Static<typeof CallMetadata>;

/** The one result of a ticket. Every field describes the run whose text is stored. */
export const Result = Type.Object(
  {
    id: Type.Integer(),
    ticket_id: Type.Integer(),
    summary: Type.String(),
    category: StringEnum(CATEGORIES),
    reply_draft: Type.String(),
    model: CallMetadata.properties.model,
    prompt_version: Type.String(),
    created_at: Timestamp,
    ...Type.Omit(CallMetadata, ['model']).properties,
  },
  { $id: 'Result' },
);
export type Result = Static<typeof Result>;
