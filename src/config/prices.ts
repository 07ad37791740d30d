import { Ajv } from 'ajv';
import { AJV_OPTIONS } from '../schemas/ajv.ts';
import { ModelPrices } from '../schemas/model-prices.ts';

const arePrices = new Ajv(AJV_OPTIONS).compile<ModelPrices>(ModelPrices);

/** Parses the JSON text of LLM_PRICES; undefined if it is invalid. */
export function parsePrices(text: string): ModelPrices | undefined {
  try {
    const prices: unknown = JSON.parse(text);
    return arePrices(prices) ? prices : undefined;
  } catch {
    return undefined;
  }
}
