import { type Static, Type } from '@sinclair/typebox';
import { Defaulted } from './text.ts';

export const TicketParams = Type.Object({
  id: Type.Integer({ minimum: 0, description: "The ticket's id.", examples: [1] }),
});
export type TicketParams = Static<typeof TicketParams>;

/** The query of a route that takes no parameters. */
export const NoQuery = Type.Object({}, { additionalProperties: false });

export const ProcessQuery = Type.Object(
  {
    force: Defaulted(
      Type.Boolean({
        default: false,
        description: 'Run the model even if a result is stored, and overwrite that result.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type ProcessQuery = Static<typeof ProcessQuery>;
