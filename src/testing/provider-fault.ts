import type { ModelOutput } from '../schemas/result.ts';
import { type Behaviour, completed } from './provider.ts';

/** A fault of the provider and the expected behaviour of the service. */
export interface ProviderFault {
  name: string;
  /** Default: `responses`. */
  api?: 'responses' | 'chat';
  /** The provider's responses to the first call, the second, …; the last one is repeated. */
  responses: Behaviour[];
  /** Expected number of calls. */
  calls: number;
  /** Expected response to the client. Without a code it is the result. */
  status: number;
  code?: string;
  retryAfter?: string;
  /** Minimum duration. */
  minMs?: number;
  /** Expected fields of the result that differ from the usual one. */
  output?: Partial<ModelOutput>;
  /** Expected fields of the run's log line. */
  logged?: Record<string, unknown>;
}

/** Options of the service under which the expected numbers hold. */
export const LIMITS = { maxAttempts: 3, attemptTimeoutMs: 400, timeoutMs: 4000 };

/** A fault that is not retried. */
export const permanent = (
  name: string,
  response: Behaviour,
  status: number,
  code: string,
  retryAfter?: string,
): ProviderFault => ({
  name,
  responses: [response],
  calls: 1,
  status,
  code,
  ...(retryAfter ? { retryAfter } : {}),
});

/** A fault that outlasts all attempts. */
export const persistent = (name: string, response: Behaviour, status: number, code: string): ProviderFault => ({
  ...permanent(name, response, status, code),
  calls: LIMITS.maxAttempts,
});

export const invalidOutput = (name: string, response: Behaviour): ProviderFault =>
  persistent(name, response, 502, 'llm_invalid_output');

/** A fault that is over at the second attempt. */
export const recovers = (name: string, response: Behaviour, minMs: number): ProviderFault => ({
  name,
  responses: [response, completed()],
  calls: 2,
  status: 200,
  minMs,
});
