import type { Attempt } from '../llm/client.ts';
import type { CostOf } from '../llm/prices.ts';
import type { TokenUsage } from '../schemas/result.ts';
import type { RunUsage } from '../schemas/run.ts';

const TOKEN_FIELDS = ['input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens'] as const;

export type RunTally = ReturnType<typeof createRunTally>;

/** Adds up what the attempts of a run have used. */
export function createRunTally(costOf: CostOf) {
  const attempts: Attempt[] = [];
  const costs: Promise<number | null>[] = [];

  /** The sum of what is known; null if nothing is. */
  const addUp = (values: (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null;
  };

  return {
    add(attempt: Attempt): void {
      attempts.push(attempt);
      const cost = costOf(attempt.model, attempt.usage);
      costs.push(cost.catch(() => null)); // no reason to lose an answer that was paid for
    },
    /** Fields of the last answer that have been cut. */
    cutFields: () => attempts.at(-1)?.cutFields,
    waitsMs: () => attempts.flatMap(({ waitMs }) => waitMs ?? []),
    async usage(): Promise<RunUsage> {
      const tokens = TOKEN_FIELDS.map((name) => [name, addUp(attempts.map(({ usage }) => usage[name]))]);
      return {
        attempts: attempts.length,
        ...(Object.fromEntries(tokens) as TokenUsage),
        cost_usd: addUp(await Promise.all(costs)),
      };
    },
  };
}
