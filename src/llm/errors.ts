import { AppError, type ErrorCode } from '../errors.ts';

export type LlmCode = Extract<ErrorCode, `llm_${string}`>;

/** What the client reads for each way in which a model can fail. */
const DETAIL: Record<LlmCode, string> = {
  llm_unauthorized: 'the model provider refused the key',
  llm_rejected: 'the model provider rejected the request',
  llm_quota_exhausted: "the model provider's quota or spending limit is used up",
  llm_rate_limited: 'the model provider limits the rate of calls',
  llm_unavailable: 'the model provider is unavailable',
  llm_timeout: 'the model did not answer in time',
  llm_refused: 'the model refused to answer',
  llm_content_filtered: "the model provider's content filter stopped the answer",
  llm_truncated: "the model's answer was cut off",
  llm_invalid_output: 'the model answered with something that cannot be used',
};

/** An error of the model or its provider. */
export const llmError = (code: LlmCode, context?: ConstructorParameters<typeof AppError>[2]) =>
  new AppError(code, DETAIL[code], context);
