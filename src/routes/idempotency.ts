import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import type { NewTicket } from '../schemas/ticket.ts';
import type { IdempotencyKey } from '../storage/types.ts';

/** The request's `Idempotency-Key`, if it has one. Each API key's name has keys of its own. */
export function idempotencyKeyOf(request: FastifyRequest<{ Body: NewTicket }>): IdempotencyKey | undefined {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return undefined;
  return { client: request.apiKeyName ?? '', key, requestHash: hashOf(request.body) };
}

/** Hash of the fields that are stored: neither their order nor white space or other fields of the body matter. */
const hashOf = ({ source, raw_text }: NewTicket) => hash('sha256', JSON.stringify({ source, raw_text }));

export const keyReused = () =>
  new AppError('idempotency_key_reused', 'the Idempotency-Key was used for another request', {
    errors: [{ loc: ['header', 'idempotency-key'], msg: 'was used with other fields' }],
  });
