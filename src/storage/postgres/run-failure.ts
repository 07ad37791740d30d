import type { RunFailure } from '../types.ts';
import type { runs } from './schema.ts';

type FailureColumns = Pick<
  typeof runs.$inferSelect,
  'error_code' | 'error_message' | 'openai_request_id' | 'retry_after_ms'
>;

export const toColumns = ({ code, message, openai_request_id, retryAfterMs }: RunFailure): FailureColumns => ({
  error_code: code,
  error_message: message,
  openai_request_id: openai_request_id ?? null,
  retry_after_ms: retryAfterMs === undefined ? null : Math.round(retryAfterMs),
});

export const fromColumns = (columns: FailureColumns): RunFailure => ({
  code: columns.error_code ?? 'internal_error',
  message: columns.error_message ?? 'internal error',
  openai_request_id: columns.openai_request_id ?? undefined,
  retryAfterMs: columns.retry_after_ms ?? undefined,
});
