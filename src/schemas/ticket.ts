import { type Static, Type } from '@sinclair/typebox';
import { Defaulted, StringEnum, Text, Timestamp } from './text.ts';

export const TICKET_STATUSES = ['new', 'processing', 'done', 'failed'] as const;

/** What a client sends to create a ticket; other fields are ignored. Lengths count code points. */
export const NewTicket = Type.Object({
  raw_text: Text({ minLength: 1, maxLength: 20000, description: 'The inquiry, as the customer wrote it.' }),
  source: Defaulted(Text({ maxLength: 50, default: 'web', description: 'Where the inquiry came from.' })),
});
export type NewTicket = Static<typeof NewTicket>;

export const Ticket = Type.Object(
  {
    id: Type.Integer(),
    created_at: Timestamp,
    source: Type.String(),
    raw_text: Type.String(),
    status: StringEnum(TICKET_STATUSES, {
      description: '`done` exactly when a result is stored and none is being made.',
    }),
  },
  { $id: 'Ticket' },
);
export type Ticket = Static<typeof Ticket>;
