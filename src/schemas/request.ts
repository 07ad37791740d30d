import { type Static, Type } from '@sinclair/typebox';
import { BOOLEAN, DIGITS, IS_TRUE } from './patterns.ts';
import { Defaulted } from './text.ts';

/** An id is digits; whether there is such a ticket is another question. */
export const TicketParams = Type.Object({
  id: Type.String({ pattern: DIGITS, description: "The ticket's id." }),
});
export type TicketParams = Static<typeof TicketParams>;

export const ProcessQuery = Type.Object({
  force: Defaulted(
    Type.String({
      pattern: BOOLEAN,
      default: 'false',
      description: 'Make a new result also where one is stored, and overwrite it.',
    }),
  ),
});
export type ProcessQuery = Static<typeof ProcessQuery>;

export const isForced = ({ force }: ProcessQuery): boolean => IS_TRUE.test(force);
