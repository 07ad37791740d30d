import { type Static, Type } from '@sinclair/typebox';
import { Nullable, StringEnum, Text, Timestamp } from './text.ts';

export const CATEGORIES = ['auth/login', 'billing', 'bug', 'feature_request', 'account', 'other'] as const;
export type Category = (typeof CATEGORIES)[number];

const LimitedText = (maxLength: number) =>
  Text({ minLength: 1, maxLength, description: `At most ${maxLength} characters.` });

/**
 * What the model must answer. It is sent to the provider: many accept no `maxLength`, so the descriptions have the
 * limits, too. Lengths count code points.
 */
export const ModelOutput = Type.Object(
  {
    summary: LimitedText(600),
    category: StringEnum(CATEGORIES),
    reply_draft: LimitedText(2000),
  },
  { additionalProperties: false },
);
export type ModelOutput = Static<typeof ModelOutput>;

const tokens = (description: string, example: number) =>
  Nullable(
    Type.Integer({ description: `${description} Null if the provider did not report it.`, examples: [example] }),
  );

/** Tokens of a provider call; null where the provider reported none. */
export const TokenUsage = Type.Object({
  input_tokens: tokens('Tokens of the prompt, including the ticket.', 412),
  output_tokens: tokens('Tokens that the model generated.', 96),
  total_tokens: tokens('Input and output tokens together.', 508),
  cached_tokens: tokens("Input tokens that were read from the provider's cache.", 0),
});
export type TokenUsage = Static<typeof TokenUsage>;

export const NO_USAGE: TokenUsage = {
  input_tokens: null,
  output_tokens: null,
  total_tokens: null,
  cached_tokens: null,
};

/** Where a completion came from and what it cost; null where the provider reported nothing. */
export const CallMetadata = Type.Object({
  model: Type.String({
    description: 'The model that answered, as the provider reports it.',
    examples: ['gpt-4o-mini-2024-07-18'],
  }),
  openai_request_id: Nullable(
    Type.String({
      description: "The provider's id of the call. Null if it sent none.",
      examples: ['req_8f2c41d09b7e'],
    }),
  ),
  latency_ms: Nullable(
    Type.Integer({ description: 'Duration of the successful provider call in whole milliseconds.', examples: [1240] }),
  ),
  ...TokenUsage.properties,
});
export type CallMetadata = Static<typeof CallMetadata>;

/** The one result of a ticket. Every field describes the run whose text is stored. */
export const Result = Type.Object(
  {
    id: Type.Integer({
      description: "The result's id. It stays the same when a result is overwritten.",
      examples: [1],
    }),
    ticket_id: Type.Integer({ description: 'The ticket that the result belongs to.', examples: [1] }),
    summary: Type.String({
      description: 'What the customer wants, in one or two sentences.',
      examples: ['The customer cannot log in to their account and asks for help.'],
    }),
    category: StringEnum(CATEGORIES, { description: 'The subject of the ticket.', examples: ['auth/login'] }),
    reply_draft: Type.String({
      description: 'A reply to the customer, for a person to check and send.',
      examples: ['Hello,\n\nThank you for writing to us. Which message do you see when you log in?\n\nKind regards'],
    }),
    model: CallMetadata.properties.model,
    prompt_version: Type.String({ description: 'The version of the prompt that was used.', examples: ['v1'] }),
    created_at: Timestamp({ description: 'When this result was stored, in UTC.' }),
    ...Type.Omit(CallMetadata, ['model']).properties,
  },
  { $id: 'Result', description: 'The summary, category and reply draft of a ticket, and what the model call cost.' },
);
export type Result = Static<typeof Result>;
