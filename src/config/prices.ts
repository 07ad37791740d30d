import { type Static, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import { AJV_OPTIONS } from '../schemas/ajv.ts';

const price = () => Type.Number({ minimum: 0 });

/** Dollars per million tokens, by model. Without `cached_input`, cached tokens cost as much as others. */
export const ModelPrices = Type.Record(
  Type.String(),
  Type.Object(
    { input: price(), cached_input: Type.Optional(price()), output: price() },
    { additionalProperties: false },
  ),
);
export type ModelPrices = Static<typeof ModelPrices>;

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
