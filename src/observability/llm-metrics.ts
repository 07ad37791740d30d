import { Counter, Histogram, type Registry } from 'prom-client';
import { AppError } from '../errors.ts';
import type { LlmClient } from '../llm/client.ts';

export interface ModelLabels {
  provider: string;
  /** The model that is asked for; the answer's name is the provider's, and could be anything. */
  model: string;
  promptVersion: string;
}

/**
 * What measures a model: `call` one that tries again by itself, `attempt` the one that it tries. Named as OpenTelemetry's
 * conventions for generative AI name it (https://github.com/open-telemetry/semantic-conventions-genai), in Prometheus' way.
 */
export function modelMetrics(registry: Registry, { provider, model, promptVersion }: ModelLabels) {
  const registers = [registry];
  const known = {
    ...{ gen_ai_operation_name: 'chat', gen_ai_provider_name: provider, gen_ai_request_model: model },
    prompt_version: promptVersion,
  };
  const labelNames = [...Object.keys(known), 'outcome'];
  const tokenCounter = (kind: string, help: string) =>
    new Counter({
      name: `gen_ai_client_inference_usage_${kind}_tokens_total`,
      ...{ help, labelNames, registers },
    });

  const durations = new Histogram({
    name: 'gen_ai_client_operation_duration_seconds',
    help: 'Time that a call took, with all its attempts.',
    buckets: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    ...{ labelNames, registers },
  });
  const attempts = new Counter({
    name: 'gen_ai_client_operation_attempts_total',
    help: 'Requests to the provider.',
    ...{ labelNames, registers },
  });
  const tokens = {
    input_tokens: tokenCounter('input', 'Tokens of instructions and tickets.'),
    output_tokens: tokenCounter('output', 'Tokens of answers.'),
    cached_tokens: tokenCounter('cache_read_input', "Input tokens that were read from the provider's cache."),
  };

  type Cost = Partial<Record<keyof typeof tokens, unknown>>;
  /** Passes a model's answers on, and tells what came of each call, after how many seconds, and what it cost. */
  const observed = (inner: LlmClient, observe: (outcome: string, seconds: number, cost: Cost) => void): LlmClient => ({
    async complete(request) {
      const start = performance.now();
      const done = (outcome: string, cost: Cost) => observe(outcome, (performance.now() - start) / 1000, cost);
      try {
        const answer = await inner.complete(request);
        done('ok', answer);
        return answer;
      } catch (error) {
        if (error instanceof AppError) done(error.code, (error.details.usage ?? {}) as Cost);
        else done('internal_error', {});
        throw error;
      }
    },
  });

  return {
    call: (inner: LlmClient) =>
      observed(inner, (outcome, seconds) => durations.observe({ ...known, outcome }, seconds)),
    attempt: (inner: LlmClient) =>
      observed(inner, (outcome, _seconds, cost) => {
        attempts.inc({ ...known, outcome });
        for (const [name, counter] of Object.entries(tokens)) {
          counter.inc({ ...known, outcome }, Number(cost[name as keyof typeof tokens] ?? 0));
        }
      }),
  };
}
