import type { TokenUsage } from '../../schemas/result.ts';

/**
 * Token counts of a response, as the Responses API reports them, or as chat completions do. A count that is missing, or is none, is
 * null: a paid answer is not thrown away for it.
 */
export function readUsage(response: unknown): TokenUsage {
  const usage = fields(fields(response).usage);
  const details = fields(usage.input_tokens_details ?? usage.prompt_tokens_details);
  return {
    input_tokens: count(usage.input_tokens ?? usage.prompt_tokens),
    output_tokens: count(usage.output_tokens ?? usage.completion_tokens),
    total_tokens: count(usage.total_tokens),
    cached_tokens: count(details.cached_tokens),
  };
}

const fields = (value: unknown) =>
  (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
const count = (value: unknown) => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null);
