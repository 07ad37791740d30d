import type { BaseLogger } from 'pino';
import type { AppError } from '../errors.ts';
import type { Attempt } from '../llm/client.ts';
import type { TokenUsage } from '../schemas/result.ts';

/** The log of the request that started the run: its lines have the request's id. */
export type RequestLog = Pick<BaseLogger, 'info' | 'warn' | 'error'>;

const TOKEN_FIELDS = ['input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens'] as const;

/** Collects what a run's one log line reports. Tokens are sums over all attempts whose usage is known. */
export function createRunLog(log: RequestLog, run: { ticketId: number; run: number }) {
  const start = performance.now();
  const tokens: Partial<TokenUsage> = {};
  const waitsMs: number[] = [];
  let attempts = 0;
  let cutFields: Attempt['cutFields'];
  const fields = (outcome: string, openai_request_id?: string | null) => ({
    ...run,
    outcome,
    ms: Math.round(performance.now() - start),
    attempts,
    waitsMs,
    cutFields,
    ...tokens,
    openai_request_id,
  });
  return {
    addAttempt({ usage, waitMs, ...attempt }: Attempt) {
      attempts += 1;
      cutFields = attempt.cutFields;
      if (waitMs !== undefined) waitsMs.push(waitMs);
      for (const name of TOKEN_FIELDS) {
        const count = usage[name];
        if (count !== null) tokens[name] = (tokens[name] ?? 0) + count;
      }
    },
    logEnd(outcome: 'succeeded' | 'lease_lost', openai_request_id?: string | null) {
      log[outcome === 'succeeded' ? 'info' : 'warn'](fields(outcome, openai_request_id), 'run');
    },
    logFailure({ code, openai_request_id, retryAfterMs, details, cause }: AppError) {
      const { usage: _, ...reasons } = details; // `tokens` contains it
      const line = { ...fields(code, openai_request_id), retryAfterMs, ...reasons };
      if (code === 'internal_error') log.error({ ...line, err: cause }, 'run');
      else log.warn(line, 'run');
    },
  };
}
