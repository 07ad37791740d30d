import { describe, expect, it } from 'vitest';
import { toLlmErrorCode } from './error-codes.ts';

describe('toLlmErrorCode', () => {
  it.each([
    [{ status: 400 }, 'llm_rejected'],
    [{ status: 400, code: 'content_filter' }, 'llm_content_filtered'],
    [{ status: 400, code: 'insufficient_quota' }, 'llm_rejected'],
    [{ status: 401 }, 'llm_unauthorized'],
    [{ status: 403 }, 'llm_unauthorized'],
    [{ status: 408 }, 'llm_timeout'],
    [{ status: 409 }, 'llm_unavailable'],
    [{ status: 429 }, 'llm_rate_limited'],
    [{ status: 429, code: 'insufficient_quota' }, 'llm_quota_exhausted'],
    [{ status: 429, type: 'insufficient_quota' }, 'llm_quota_exhausted'],
    [{ status: 429, code: null, type: 429 }, 'llm_rate_limited'],
    [{ status: 500, code: 'rate_limit_exceeded' }, 'llm_unavailable'],
    [{ status: 599 }, 'llm_unavailable'],
    [{ status: 200, code: 'rate_limit_exceeded' }, 'llm_rate_limited'],
    [{ status: 200, code: 'project_spend_limit_exceeded' }, 'llm_quota_exhausted'],
    [{ status: 200, code: 'invalid_prompt' }, 'llm_rejected'],
    [{ status: 200, code: 'server_error' }, 'llm_unavailable'],
    [{ status: 200 }, 'llm_unavailable'],
  ])('translates %o to %s', (failure, code) => {
    expect(toLlmErrorCode(failure)).toBe(code);
  });
});
