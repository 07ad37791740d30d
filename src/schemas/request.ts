import { type Static, Type } from '@sinclair/typebox';
import { Defaulted } from './text.ts';

export const TicketParams = Type.Object({
  id: Type.Integer({ description: "The ticket's id." }),
});
export type TicketParams = Static<typeof TicketParams>;

/** The query of a route that takes no parameters. */
export const NoQuery = Type.Object({}, { additionalProperties: false });

export const ProcessQuery = Type.Object(
  {
    force: Defaulted(
      Type.Boolean({ default: false, description: 'Make a new result although one is stored, and overwrite it.' }),
    ),
  },
  { additionalProperties: false },
);
export type ProcessQuery = Static<typeof ProcessQuery>;
