import { type Static, Type } from '@sinclair/typebox';
import { PRINTABLE_ASCII } from './patterns.ts';
import { Defaulted } from './text.ts';

export const TicketParams = Type.Object({
  id: Type.Integer({ minimum: 0, description: "The ticket's id.", examples: [1] }),
});
export type TicketParams = Static<typeof TicketParams>;

/** The query of a route that takes no parameters. */
export const NoQuery = Type.Object({}, { additionalProperties: false });

/** The headers of a request that creates something at most once; in lower case, as Node.js delivers them. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: PRINTABLE_ASCII,
      description:
        'Makes repeating the request safe for 24 hours: the same key with the same fields returns the first ticket. ' +
        'A random UUID is a good key.', // no example: Swagger UI would send it with every request
    }),
  ),
});

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
