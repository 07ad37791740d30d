import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import type { IdempotencyKey } from '../storage/types.ts';

/**
 * The request's `Idempotency-Key`, if it has one. Each API key's name has keys of its own.
 *
 * @param content what another request with this key must have in common
 */
export function idempotencyKeyOf(request: FastifyRequest, content: unknown): IdempotencyKey | undefined {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return undefined;
  return { client: request.apiKeyName ?? '', key, requestHash: hash('sha256', JSON.stringify(content)) };
}

export const keyReused = () =>
  new AppError('idempotency_key_reused', 'the Idempotency-Key was used for another request', {
    errors: [{ loc: ['header', 'idempotency-key'], msg: 'was used with other fields' }],
  });
