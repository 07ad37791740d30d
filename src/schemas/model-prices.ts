import { type Static, Type } from '@sinclair/typebox';

/** A cost must stay a finite number, whatever a provider reports as usage. */
const price = () => Type.Number({ minimum: 0, maximum: 1_000_000 });

/** Dollars per million tokens, by model. Without `cached_input`, cached tokens cost as much as others. */
export const ModelPrices = Type.Record(
  Type.String(),
  Type.Object(
    { input: price(), cached_input: Type.Optional(price()), output: price() },
    { additionalProperties: false },
  ),
);
export type ModelPrices = Static<typeof ModelPrices>;
