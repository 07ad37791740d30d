import { describe, expect, it } from 'vitest';
import { checkFinishReason, isKnownWord, toLlmErrorCode } from './error-codes.ts';

/** Further failures are in `src/testing/failure-shapes.ts`. */
describe('toLlmErrorCode', () => {
  it.each([
    [{ status: 400 }, 'llm_rejected'],
    [{ status: 400, words: ['content_filter'] }, 'llm_content_filtered'],
    [{ status: 400, words: ['insufficient_quota'] }, 'llm_quota_exhausted'],
    [{ status: 401 }, 'llm_unauthorized'],
    [{ status: 402 }, 'llm_quota_exhausted'],
    [{ status: 403 }, 'llm_unauthorized'],
    [{ status: 403, isPage: true }, 'llm_rejected'],
    [{ status: 408 }, 'llm_timeout'],
    [{ status: 409 }, 'llm_unavailable'],
    [{ status: 429 }, 'llm_rate_limited'],
    [{ status: 429, words: ['invalid_request_error', 'insufficient_quota'] }, 'llm_quota_exhausted'],
    [{ status: 429, words: ['context_length_exceeded'] }, 'llm_rate_limited'],
    [{ status: 429, words: ['429'] }, 'llm_rate_limited'],
    [{ status: 500, words: ['rate_limit_exceeded'] }, 'llm_unavailable'],
    [{ status: 500, words: ['insufficient_quota'] }, 'llm_unavailable'],
    [{ status: 500, words: ['context_length_exceeded'] }, 'llm_rejected'],
    [{ status: 599 }, 'llm_unavailable'],
    [{ status: 307 }, 'llm_rejected'],
    [{ status: 200, words: ['rate_limit_exceeded'] }, 'llm_rate_limited'],
    [{ status: 200, words: ['project_spend_limit_exceeded'] }, 'llm_quota_exhausted'],
    [{ status: 200, words: ['invalid_prompt'] }, 'llm_rejected'],
    [{ status: 200, words: ['server_error'] }, 'llm_unavailable'],
    [{ status: 200 }, 'llm_unavailable'],
  ])('translates %o to %s', (failure, code) => {
    expect(toLlmErrorCode(failure)).toBe(code);
  });
});

describe('checkFinishReason', () => {
  it.each(['stop', 'tool_calls', 'eos', '', null, undefined, 1, {}])(
    'accepts an answer that ended with %o',
    (reason) => {
      expect(checkFinishReason(reason)).toBeUndefined();
    },
  );
});

describe('isKnownWord', () => {
  it.each([
    ['insufficient_quota', true],
    ['insufficient_quota2', false],
    ['toString', false],
  ])('knows %s: %s', (word, isKnown) => {
    expect(isKnownWord(word)).toBe(isKnown);
  });
});
