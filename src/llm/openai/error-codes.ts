import type { LlmErrorCode } from '../errors.ts';

/** What a provider reports about a failure. `code` and `type` are words of its own choice. */
export interface ProviderFailure {
  /** HTTP status. A response of the Responses API can have status 200 and still report a failure. */
  status: number;
  code?: unknown;
  type?: unknown;
}

interface Rule {
  /** Any status if undefined. */
  status?: number;
  /** Must match the failure's code or type. Any, or none, if undefined. */
  word?: RegExp;
  result: LlmErrorCode;
}

/** Waiting does not help against these. */
const QUOTA = /^(?:insufficient_quota|credit_balance_exhausted|\w*_(?:spend|usage)_limit_exceeded)$/;

/** The first rule that matches decides. */
const RULES: Rule[] = [
  { word: /^content_filter$/, result: 'llm_content_filtered' }, // Azure filters the ticket itself
  { status: 429, word: QUOTA, result: 'llm_quota_exhausted' },
  { status: 429, result: 'llm_rate_limited' },
  { status: 200, word: QUOTA, result: 'llm_quota_exhausted' },
  { status: 200, word: /^rate_limit_exceeded$/, result: 'llm_rate_limited' },
  { status: 200, word: /^invalid_prompt$/, result: 'llm_rejected' },
  { status: 200, result: 'llm_unavailable' },
  { status: 401, result: 'llm_unauthorized' },
  { status: 403, result: 'llm_unauthorized' },
  { status: 408, result: 'llm_timeout' },
  { status: 409, result: 'llm_unavailable' },
];

/** The service's error code for a provider's failure. */
export function toLlmErrorCode({ status, code, type }: ProviderFailure): LlmErrorCode {
  const words = [code, type].filter((word) => typeof word === 'string');
  const rule = RULES.find(
    (rule) => (rule.status ?? status) === status && (!rule.word || words.some((word) => rule.word?.test(word))),
  );
  return rule?.result ?? (status >= 500 ? 'llm_unavailable' : 'llm_rejected');
}
