import type { Usage } from '@pydantic/genai-prices';
import type { ModelPrices } from '../schemas/model-prices.ts';
import type { TokenUsage } from '../schemas/result.ts';

/**
 * Cost of a provider call in US dollars; null if the price or the usage is unknown.
 *
 * @param model the one that answered, if one did
 */
export type CostOf = (model: string | undefined, usage: TokenUsage) => Promise<number | null>;

export interface PriceOptions {
  /** The provider's API; identifies it in the price list. */
  baseURL: string;
  /** The configured model. Its name may be an alias: the answer then has another name. */
  model: string;
  /** Prices that override or extend the list, by the name of the model that answered or of the configured one. */
  prices?: ModelPrices;
}

/** Calculates costs from configured prices, otherwise from the list that the package bundles. It makes no requests. */
export function createCostCalculator({ baseURL, model: configured, prices = {} }: PriceOptions): CostOf {
  let listed: ReturnType<typeof loadList> | undefined;

  return async (model = configured, { input_tokens, output_tokens, cached_tokens }) => {
    if (input_tokens === null || output_tokens === null) return null;
    const cached = Math.min(cached_tokens ?? 0, input_tokens);
    const name = [model, configured].find((name) => Object.hasOwn(prices, name));
    const price = name === undefined ? undefined : prices[name];
    if (price) {
      const { input, cached_input = input, output } = price;
      return ((input_tokens - cached) * input + cached * cached_input + output_tokens * output) / 1_000_000;
    }
    listed ??= loadList(baseURL);
    const calculate = await listed;
    return calculate?.({ input_tokens, output_tokens, cache_read_tokens: cached }, model)?.total_price ?? null;
  };
}

/** Loads the provider's prices at the first use: it takes 50–170 ms, which a start can do without. */
async function loadList(baseURL: string) {
  const { calcPrice, findProvider } = await import('@pydantic/genai-prices');
  const provider = findProvider({ providerApiUrl: baseURL });
  return provider && ((usage: Usage, model: string) => calcPrice(usage, model, { provider }));
}
