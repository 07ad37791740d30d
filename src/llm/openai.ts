import OpenAI from 'openai';
import type { Model } from './model.ts';
import { toAppError } from './openai-errors.ts';
import { readResponse } from './openai-response.ts';
import { OUTPUT_JSON_SCHEMA, parseModelOutput } from './output.ts';

export interface OpenAIOptions {
  apiKey: string;
  /** Default: OpenAI's own. */
  baseURL?: string | undefined;
  model: string;
  /** How long a call may take, to the answer's last byte, in ms; the client's own default is ten minutes. */
  timeoutMs?: number;
}

/** A model behind OpenAI's Responses API, or behind a server that speaks it. */
export function createOpenAIModel({ apiKey, baseURL, model, timeoutMs = 20_000 }: OpenAIOptions): Model {
  const client = new OpenAI({
    apiKey,
    baseURL: baseURL ?? 'https://api.openai.com/v1',
    maxRetries: 0,
    logLevel: 'off', // its debug log, which OPENAI_LOG would switch on, holds the tickets' text
  });
  const settings = {
    model,
    text: { format: { type: 'json_schema', name: 'ticket_result', strict: true, schema: OUTPUT_JSON_SCHEMA } },
    store: false, // else OpenAI keeps the ticket for 30 days
  } as const;

  return {
    async answer({ instructions, text }) {
      const input = [
        { role: 'system' as const, content: instructions },
        { role: 'user' as const, content: text },
      ];
      const signal = AbortSignal.timeout(timeoutMs);
      const start = performance.now();
      const response = await client.responses.create({ ...settings, input }, { signal }).catch((error: unknown) => {
        throw toAppError(error, signal);
      });
      const latency_ms = Math.round(performance.now() - start);
      const openai_request_id = response?._request_id ?? null;

      const answer = readResponse(response, openai_request_id);
      return {
        ...parseModelOutput(answer.text, openai_request_id),
        ...answer.usage,
        model: answer.model ?? model,
        openai_request_id,
        latency_ms,
      };
    },
  };
}
