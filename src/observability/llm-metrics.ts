import { Counter, Histogram, type Registry } from 'prom-client';
import { AppError, ERROR_CODES } from '../errors.ts';
import type { Attempt, LlmClient } from '../llm/client.ts';
import type { CostOf } from '../llm/prices.ts';

export interface LlmLabels {
  provider: string;
  /** The configured model. The name in an answer could be anything. */
  model: string;
  promptVersion: string;
}

/**
 * Measures the calls of a client and their attempts. Names follow OpenTelemetry's conventions for generative AI
 * (https://github.com/open-telemetry/semantic-conventions-genai).
 */
export function instrumentLlmClient(client: LlmClient, registry: Registry, labels: LlmLabels): LlmClient {
  const { observeCall, observeAttempt } = createLlmMetrics(registry, labels);
  return {
    async complete(request) {
      const start = performance.now();
      const onAttempt = (attempt: Attempt) => {
        observeAttempt(attempt);
        request.onAttempt?.(attempt);
      };
      try {
        const completion = await client.complete({ ...request, onAttempt });
        observeCall('ok', start);
        return completion;
      } catch (error) {
        observeCall(error instanceof AppError ? error.code : 'internal_error', start);
        throw error;
      }
    },
  };
}

/** Adds up the known costs that are calculated: one per attempt. */
export function instrumentCosts(
  costOf: CostOf,
  registry: Registry,
  { model, promptVersion }: Omit<LlmLabels, 'provider'>,
): CostOf {
  const labels = { model, prompt_version: promptVersion };
  const counter = new Counter({
    name: 'ticket_service_llm_cost_usd_total',
    help: 'Known cost of requests to the provider in US dollars.',
    labelNames: Object.keys(labels),
    registers: [registry],
  });
  counter.inc(labels, 0);
  return async (answeringModel, usage) => {
    const cost = await costOf(answeringModel, usage);
    if (cost !== null) counter.inc(labels, cost);
    return cost;
  };
}

type Outcome = Attempt['outcome'];

const OUTCOMES: Outcome[] = ['ok', ...ERROR_CODES.filter((code) => code.startsWith('llm_'))];

function createLlmMetrics(registry: Registry, { provider, model, promptVersion }: LlmLabels) {
  const registers = [registry];
  const labelsOf = (outcome: Outcome) => ({
    gen_ai_operation_name: 'chat',
    gen_ai_provider_name: provider,
    gen_ai_request_model: model,
    prompt_version: promptVersion,
    outcome,
  });
  const labelNames = Object.keys(labelsOf('ok'));
  const createCounter = (name: string, help: string) => new Counter({ name, help, labelNames, registers });

  const durations = new Histogram({
    name: 'gen_ai_client_operation_duration_seconds',
    help: 'Duration of model calls with all their attempts.',
    buckets: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    labelNames,
    registers,
  });
  const attempts = createCounter('gen_ai_client_operation_attempts_total', 'Requests to the provider.');
  const inputTokens = createCounter(
    'gen_ai_client_inference_usage_input_tokens_total',
    'Tokens of instructions and tickets.',
  );
  const outputTokens = createCounter('gen_ai_client_inference_usage_output_tokens_total', 'Tokens of answers.');
  const cachedTokens = createCounter(
    'gen_ai_client_inference_usage_cache_read_input_tokens_total',
    "Input tokens read from the provider's cache.",
  );
  // Prometheus's `rate` misses the first increment of a series that did not exist before.
  for (const outcome of OUTCOMES) {
    durations.zero(labelsOf(outcome));
    for (const counter of [attempts, inputTokens, outputTokens, cachedTokens]) counter.inc(labelsOf(outcome), 0);
  }

  return {
    observeCall(outcome: Outcome, start: number): void {
      durations.observe(labelsOf(outcome), (performance.now() - start) / 1000);
    },
    observeAttempt({ outcome, usage }: Attempt): void {
      const labels = labelsOf(outcome);
      attempts.inc(labels);
      inputTokens.inc(labels, usage.input_tokens ?? 0);
      outputTokens.inc(labels, usage.output_tokens ?? 0);
      cachedTokens.inc(labels, usage.cached_tokens ?? 0);
    },
  };
}
