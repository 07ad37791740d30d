import type { Failure } from '../db/schema.ts';
import { AppError } from '../errors.ts';

/** An error in the form in which other processes, whose clients wait for the same run, find it in the database. */
export function toFailure(error: unknown): Failure {
  if (!(error instanceof AppError)) return { code: 'internal_error', message: 'internal error' };
  const { code, message, openai_request_id, retryAfterMs } = error;
  return { code, message, openai_request_id, retryAfterMs };
}

export const fromFailure = ({ code, message, ...context }: Failure): AppError => new AppError(code, message, context);
