import type { ModelPrices } from '../schemas/model-prices.ts';
import type { TokenUsage } from '../schemas/result.ts';

/** Cost of a provider call in US dollars; null if the price or the usage is unknown. */
export type CostOf = (model: string, usage: TokenUsage) => Promise<number | null>;

export interface PriceOptions {
  /** The provider's API; identifies it in the price list. */
  baseURL: string;
  /** Prices by model that override or extend the list. */
  prices?: ModelPrices;
}

/** Calculates costs from configured prices, otherwise from the list that the package bundles. It makes no requests. */
export const createCostCalculator =
  ({ baseURL, prices = {} }: PriceOptions): CostOf =>
  async (model, { input_tokens, output_tokens, cached_tokens }) => {
    if (input_tokens === null || output_tokens === null) return null;
    const cached = Math.min(cached_tokens ?? 0, input_tokens);
    const price = Object.hasOwn(prices, model) ? prices[model] : undefined;
    if (price) {
      const { input, cached_input = input, output } = price;
      return ((input_tokens - cached) * input + cached * cached_input + output_tokens * output) / 1_000_000;
    }
    const { calcPrice } = await import('@pydantic/genai-prices'); // takes 50–170 ms, which a start can do without
    const usage = { input_tokens, output_tokens, cache_read_tokens: cached };
    return calcPrice(usage, model, { providerApiUrl: baseURL })?.total_price ?? null;
  };
