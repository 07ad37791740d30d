import type { TokenUsage } from '../../schemas/result.ts';
import { toRecord } from '../json.ts';

/**
 * Token counts in a response body, under the names of the Responses API or of chat completions. A missing or invalid
 * count becomes null: it is no reason to discard an answer that was paid for.
 */
export function readUsage(body: unknown): TokenUsage {
  const usage = toRecord(toRecord(body).usage);
  const details = toRecord(usage.input_tokens_details ?? usage.prompt_tokens_details);
  return {
    input_tokens: toCount(usage.input_tokens ?? usage.prompt_tokens),
    output_tokens: toCount(usage.output_tokens ?? usage.completion_tokens),
    total_tokens: toCount(usage.total_tokens),
    // DeepSeek: https://api-docs.deepseek.com/guides/kv_cache
    cached_tokens: toCount(details.cached_tokens ?? usage.prompt_cache_hit_tokens),
  };
}

const toCount = (value: unknown) => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null);
