import { type Static, Type } from '@sinclair/typebox';

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
