import { type Static, Type } from '@sinclair/typebox';
import { PageQuery } from './paging.ts';
import { CATEGORIES, Result } from './result.ts';
import { Defaulted, Nullable, StringEnum, Text } from './text.ts';
import { TICKET_STATUSES, Ticket } from './ticket.ts';

export const TICKET_ORDERS = ['newest', 'oldest'] as const;
export type TicketOrder = (typeof TICKET_ORDERS)[number];

export const EXCERPT_LENGTH = 200;

/** Each source that a list is filtered by takes a few reads of an index. */
const MAX_SOURCES = 10;

/** Values of an enumeration, with room for repetitions. */
const MAX_VALUES = 100;

const time = (description: string) =>
  Type.Optional(Type.String({ format: 'date-or-time', description: `${description} A date means 00:00 UTC.` }));

/** What the tickets of a list have in common; each is optional. */
export const TicketFilters = Type.Object({
  status: Type.Optional(
    Type.Array(StringEnum(TICKET_STATUSES), {
      minItems: 1,
      maxItems: MAX_VALUES,
      description: 'Only tickets with this status. Repeat the parameter for several.',
    }),
  ),
  category: Type.Optional(
    Type.Array(StringEnum(CATEGORIES), {
      minItems: 1,
      maxItems: MAX_VALUES,
      description: 'Only tickets whose stored result has this category. Repeat the parameter for several.',
    }),
  ),
  source: Type.Optional(
    Type.Array(Text({ maxLength: 50 }), {
      minItems: 1,
      maxItems: MAX_SOURCES,
      description: `Only tickets from this source. Repeat the parameter for several, at most ${MAX_SOURCES}.`,
    }),
  ),
  created_after: time('Only tickets created at or after this RFC 3339 date or date-time.'),
  created_before: time('Only tickets created before this RFC 3339 date or date-time.'),
  q: Type.Optional(
    Text({
      minLength: 1,
      maxLength: 100,
      description: 'Only tickets whose text or summary contains this, in upper or lower case.',
    }),
  ),
});
export type TicketFilters = Static<typeof TicketFilters>;

export const TicketListParameters = Type.Object(
  {
    ...TicketFilters.properties,
    order: Defaulted(
      StringEnum(TICKET_ORDERS, { default: 'newest', description: 'Which tickets come first, by creation time.' }),
    ),
    ...PageQuery.properties,
  },
  { additionalProperties: false },
);
export type TicketListParameters = Static<typeof TicketListParameters>;

const { id, created_at, source, raw_text, status } = Ticket.properties;

export const TicketListEntry = Type.Object(
  {
    id,
    created_at,
    source,
    status,
    excerpt: Type.String({
      description: `The first ${EXCERPT_LENGTH} characters of the inquiry.`,
      examples: raw_text.examples,
    }),
    category: Nullable(
      StringEnum(CATEGORIES, { description: 'Of the stored result. Null without one.', examples: ['auth/login'] }),
    ),
    summary: Nullable(
      Type.String({
        description: 'Of the stored result. Null without one.',
        examples: Result.properties.summary.examples,
      }),
    ),
  },
  { $id: 'TicketListEntry', description: 'A ticket as lists show it.' },
);
export type TicketListEntry = Static<typeof TicketListEntry>;
