import type OpenAI from 'openai';
import type { CompletionRequest } from '../client.ts';
import type { LlmErrorCode } from '../errors.ts';
import type { Answer } from '../output.ts';
import type { StructuredOutput } from './structured-output.ts';

/** What all requests to a provider have in common. */
export interface RequestOptions {
  model: string;
  structuredOutput: StructuredOutput;
  /** Additional fields of the body. They never replace a field that the adapter sets. */
  extraBody: Readonly<Record<string, unknown>>;
}

/** One of the two APIs that OpenAI-compatible servers have. */
export interface Adapter {
  /** Sends the request. Resolves with every response of status 200, whatever its body is. */
  send(client: OpenAI, options: RequestOptions, request: CompletionRequest): Promise<Response>;
  /** Reads a response body, which may be anything. */
  parse(body: unknown): ParsedResponse;
}

/** The model's answer, or why there is none. */
export type ParsedResponse =
  | Answer
  | {
      error: LlmErrorCode;
      /** The first field of the body that is missing or wrong. */
      field?: string;
    }
  | {
      /** The error that the body reports, in any form. */
      providerError: unknown;
    };
