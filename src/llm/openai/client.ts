import OpenAI from 'openai';
import type { LlmClient } from '../client.ts';
import { llmError } from '../errors.ts';
import { toRecord } from '../json.ts';
import { parseModelOutput } from '../output.ts';
import { chatAdapter } from './chat.ts';
import type { ProxyOptions } from './dispatcher.ts';
import { providerError, toAppError } from './errors.ts';
import { createFetch } from './fetch.ts';
import { responsesAdapter } from './responses.ts';
import { sanitizeIdentifier } from './sanitize.ts';
import { type StructuredOutput, structuredOutputHint } from './structured-output.ts';
import { readUsage } from './usage.ts';

const ADAPTERS = { responses: responsesAdapter, chat: chatAdapter };

export const OPENAI_API_URL = 'https://api.openai.com/v1';

export interface OpenAIOptions {
  /** Without one, no `Authorization` header is sent. */
  apiKey?: string | undefined;
  /** Default: OpenAI's API. */
  baseURL?: string | undefined;
  model: string;
  api: keyof typeof ADAPTERS;
  /** Default: `json_schema`. */
  structuredOutput?: StructuredOutput | undefined;
  /** Additional fields of each request's body. */
  extraBody?: Readonly<Record<string, unknown>> | undefined;
  /** Maximum number of connections to the provider. */
  connections: number;
  /** Default: no proxy. */
  proxy?: ProxyOptions | undefined;
}

/** A model behind OpenAI or a compatible server. Each completion is one request. */
export function createOpenAIClient(options: OpenAIOptions): LlmClient {
  const { apiKey, model, structuredOutput = 'json_schema', extraBody = {} } = options;
  const adapter = ADAPTERS[options.api];
  const client = createSdkClient(options);
  const requestOptions = { model, structuredOutput, extraBody };

  return {
    async complete(request) {
      const sent = { apiKey, text: request.text };
      const start = performance.now();
      const response = await adapter.send(client, requestOptions, request).catch((error: unknown) => {
        throw toAppError(error, request.signal, sent, structuredOutputHint(error, structuredOutput));
      });
      const latency_ms = Math.round(performance.now() - start);
      const openai_request_id = sanitizeIdentifier(response.headers.get('x-request-id'), sent);
      const body: unknown = await response.json().catch(() => undefined);
      const usage = readUsage(body);
      const answer = adapter.parse(body);
      if ('providerError' in answer) {
        const { status, headers } = response;
        throw providerError({ status, headers, body: answer.providerError, usage }, sent);
      }
      const context = { openai_request_id, details: { provider: { status: response.status }, usage } };
      if ('error' in answer) {
        const output = body === undefined ? 'not JSON' : answer.field;
        throw llmError(answer.error, { ...context, details: { ...context.details, ...(output && { output }) } });
      }
      return {
        ...parseModelOutput(answer, context),
        ...usage,
        model: sanitizeIdentifier(toRecord(body).model, sent) ?? model,
        openai_request_id,
        latency_ms,
      };
    },
  };
}

const createSdkClient = ({ apiKey, baseURL, connections, proxy }: OpenAIOptions) =>
  new OpenAI({
    apiKey: apiKey ?? 'none', // the client requires one
    ...(apiKey ? {} : { defaultHeaders: { authorization: null } }),
    baseURL: baseURL ?? OPENAI_API_URL,
    // Null, because the client would read these from environment variables and send them to any server.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    fetch: createFetch(connections, proxy),
    maxRetries: 0,
    logLevel: 'off', // its debug log, which the variable OPENAI_LOG turns on, contains the tickets
  });
