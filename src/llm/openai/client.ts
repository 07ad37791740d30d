import OpenAI from 'openai';
import type { LlmClient } from '../client.ts';
import { parseModelOutput } from '../output.ts';
import { chatApi } from './chat.ts';
import { toAppError } from './errors.ts';
import { createFetch } from './fetch.ts';
import { responsesApi } from './responses.ts';
import { sanitizeIdentifier } from './sanitize.ts';
import { readUsage } from './usage.ts';

/** What the client would else take from variables that are not in our configuration, and send to any server. */
const NOT_FROM_THE_ENVIRONMENT = { organization: null, project: null, adminAPIKey: null, webhookSecret: null };

const APIS = { responses: responsesApi, chat: chatApi };

export interface OpenAIOptions {
  /** Without one, no `Authorization` is sent. */
  apiKey?: string | undefined;
  /** Default: OpenAI's own. */
  baseURL?: string | undefined;
  model: string;
  api: keyof typeof APIS;
  /** At most so many to the provider. */
  connections: number;
}

/** A model behind OpenAI, or behind a server that speaks one of its APIs. Each request is one call. */
export function createOpenAIClient({ apiKey, baseURL, model, api, connections }: OpenAIOptions): LlmClient {
  const { ask, read } = APIS[api];
  const client = new OpenAI({
    apiKey: apiKey ?? 'none',
    ...(apiKey ? {} : { defaultHeaders: { authorization: null } }),
    baseURL: baseURL ?? 'https://api.openai.com/v1',
    ...NOT_FROM_THE_ENVIRONMENT,
    fetch: createFetch(connections),
    maxRetries: 0,
    logLevel: 'off', // its debug log, which OPENAI_LOG would switch on, holds the tickets' text
  });

  return {
    async complete({ instructions, text, signal }) {
      const sent = { apiKey, text };
      const start = performance.now();
      const response = await ask(client, { model, instructions, text }, { signal }).catch((error: unknown) => {
        throw toAppError(error, signal, sent);
      });
      const latency_ms = Math.round(performance.now() - start);
      const openai_request_id = sanitizeIdentifier(response.headers.get('x-request-id'), sent);
      const body = await parse(response);
      const usage = readUsage(body);
      const context = { openai_request_id, details: { usage } }; // an answer that cannot be used has its price, too
      const answer = read(body, context);
      return {
        ...parseModelOutput(answer.text, context),
        ...usage,
        model: sanitizeIdentifier(answer.model, sent) ?? model,
        openai_request_id,
        latency_ms,
      };
    },
  };
}

/** What the body holds; undefined if it is not JSON. */
const parse = (response: Response): Promise<unknown> => response.json().catch(() => undefined);
