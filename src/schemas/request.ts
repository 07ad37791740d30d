import { type Static, Type } from '@sinclair/typebox';
import { Defaulted } from './text.ts';

/** An id is digits; whether there is such a ticket is another question. */
export const TicketParams = Type.Object({
  id: Type.String({ pattern: '^[0-9]+$', description: "The ticket's id." }),
});
export type TicketParams = Static<typeof TicketParams>;

const TRUE = 'true|1|yes|on|t|y';
const FALSE = 'false|0|no|off|f|n';

/** The words that the Python app takes for a boolean, in any case. */
export const ProcessQuery = Type.Object({
  force: Defaulted(
    Type.String({
      pattern: `^(?i:${TRUE}|${FALSE})$`,
      default: 'false',
      description: 'Make a new result also where one is stored, and overwrite it.',
    }),
  ),
});
export type ProcessQuery = Static<typeof ProcessQuery>;

export const isForced = ({ force }: ProcessQuery): boolean => new RegExp(`^(?:${TRUE})$`, 'i').test(force);
