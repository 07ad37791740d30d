import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import { AppError } from '../errors.ts';
import type { CallMetadata } from '../schemas/result.ts';

/** A field that servers leave out, or send as null. */
const Nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

/** The parts of a Responses API answer that are read; anything else may be there and is ignored. */
const ProviderResponse = Type.Object({
  model: Nullable(Type.String()),
  status: Nullable(Type.String()),
  incomplete_details: Nullable(Type.Object({ reason: Nullable(Type.String()) })),
  output: Type.Array(
    Type.Object({
      content: Nullable(Type.Array(Type.Object({ type: Type.String(), text: Nullable(Type.String()) }))),
    }),
  ),
  usage: Type.Optional(Type.Unknown()),
});
const isProviderResponse = new Ajv().compile<Static<typeof ProviderResponse>>(ProviderResponse);

/**
 * The answer's text and what it cost.
 *
 * @throws AppError `llm_refused`, `llm_content_filtered`, `llm_truncated`, `llm_unavailable` or `llm_invalid_output`.
 */
export function readResponse(response: unknown, openai_request_id: string | null) {
  const context = { openai_request_id };
  if (!isProviderResponse(response)) {
    throw new AppError('llm_invalid_output', 'the model provider answered with something unreadable', context);
  }
  if (response.status === 'incomplete') {
    throw response.incomplete_details?.reason === 'content_filter'
      ? new AppError('llm_content_filtered', "the model provider's content filter stopped the answer", context)
      : new AppError('llm_truncated', "the model's answer was cut off", context);
  }
  if (response.status && response.status !== 'completed') {
    throw new AppError('llm_unavailable', 'the model provider could not finish the answer', context);
  }

  const parts = response.output.flatMap((item) => item.content ?? []);
  // A refusal comes with status "completed", as a content part of its own.
  if (parts.some((part) => part.type === 'refusal')) {
    throw new AppError('llm_refused', 'the model refused to answer', context);
  }
  const text = parts.map((part) => (part.type === 'output_text' ? part.text : '')).join('');
  return { text, model: response.model, usage: readUsage(response.usage) };
}

type Usage = Omit<CallMetadata, 'model' | 'openai_request_id' | 'latency_ms'>;

/** Token counts; a count that is missing, or is none, is null, since a paid answer is not thrown away for it. */
function readUsage(reported: unknown): Usage {
  const usage = (reported ?? {}) as Record<string, unknown>;
  const details = (usage.input_tokens_details ?? {}) as Record<string, unknown>;
  const count = (value: unknown) => (Number.isSafeInteger(value) ? (value as number) : null);
  return {
    input_tokens: count(usage.input_tokens),
    output_tokens: count(usage.output_tokens),
    total_tokens: count(usage.total_tokens),
    cached_tokens: count(details.cached_tokens),
  };
}
