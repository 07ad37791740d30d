import type { Config } from '../config/load.ts';
import type { LlmClient } from './client.ts';
import { createOfflineClient, OFFLINE_MODEL } from './offline/client.ts';
import { createOpenAIClient, OPENAI_API_URL } from './openai/client.ts';
import { type CostOf, createCostCalculator } from './prices.ts';
import { withRetries } from './retry.ts';

export interface Llm {
  client: LlmClient;
  /** The configured model. */
  model: string;
  costOf: CostOf;
}

/** Creates the model that LLM_PROVIDER names. */
export function createLlm(config: Config): Llm {
  const { client, ...rest } = config.LLM_PROVIDER === 'offline' ? createOffline() : createOpenAI(config);
  const retrying = withRetries(client, {
    maxAttempts: config.OPENAI_MAX_ATTEMPTS,
    attemptTimeoutMs: config.OPENAI_TIMEOUT_MS,
  });
  return { client: retrying, ...rest };
}

const createOffline = (): Llm => ({
  client: createOfflineClient(),
  model: OFFLINE_MODEL,
  costOf: async () => 0,
});

const createOpenAI = (config: Config): Llm => ({
  client: createOpenAIClient({
    apiKey: config.OPENAI_API_KEY,
    baseURL: config.OPENAI_BASE_URL,
    model: config.OPENAI_MODEL,
    api: config.OPENAI_API,
    structuredOutput: config.OPENAI_STRUCTURED_OUTPUT,
    extraBody: config.OPENAI_EXTRA_BODY,
    connections: config.LLM_MAX_CONCURRENCY,
    proxy: { https: config.HTTPS_PROXY, http: config.HTTP_PROXY, except: config.NO_PROXY },
  }),
  model: config.OPENAI_MODEL,
  costOf: createCostCalculator({
    baseURL: config.OPENAI_BASE_URL ?? OPENAI_API_URL,
    model: config.OPENAI_MODEL,
    prices: config.LLM_PRICES,
  }),
});
