import type { Completion } from '../llm/client.ts';
import { ModelOutput, type Result } from '../schemas/result.ts';
import type { RunUsage } from '../schemas/run.ts';
import type { ClaimOptions, NewResult } from '../storage/types.ts';

/** What a model answered, with its metadata. The one place in the tests that lists these fields. */
export const makeCompletion = (overrides: Partial<Completion> = {}): Completion => ({
  summary: 'The customer cannot sign in.',
  category: 'auth/login',
  reply_draft: 'Thank you for writing to us. When did it last work?',
  model: 'gpt-test',
  openai_request_id: 'req_1',
  latency_ms: 900,
  input_tokens: 120,
  output_tokens: 40,
  total_tokens: 160,
  cached_tokens: 64,
  ...overrides,
});

/** The fields of a completion that come from the model's answer. */
export const toOutput = (completion: Completion): ModelOutput => {
  const fields = Object.keys(ModelOutput.properties) as (keyof ModelOutput)[];
  return Object.fromEntries(fields.map((field) => [field, completion[field]])) as ModelOutput;
};

/** A result before it is stored. */
export const makeNewResult = (overrides: Partial<NewResult> = {}): NewResult => ({
  ...makeCompletion(),
  ticket_id: 1,
  prompt_version: 'v1',
  ...overrides,
});

/** A stored result. */
export const makeResult = (overrides: Partial<Result> = {}): Result => ({
  ...makeNewResult(),
  id: 1,
  created_at: '2026-02-17T16:35:05Z',
  ...overrides,
});

export const makeClaimOptions = (overrides: Partial<ClaimOptions> = {}): ClaimOptions => ({
  force: false,
  claim: true,
  origin: { prompt_version: 'v1', provider: 'openai', model: 'gpt-test' },
  ...overrides,
});

/** What a run of one attempt with `makeCompletion()` has used. */
export const makeRunUsage = (overrides: Partial<RunUsage> = {}): RunUsage => ({
  attempts: 1,
  input_tokens: 120,
  output_tokens: 40,
  total_tokens: 160,
  cached_tokens: 64,
  cost_usd: 0.0001,
  ...overrides,
});
