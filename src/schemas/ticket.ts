import { type Static, Type } from '@sinclair/typebox';
import { Defaulted, StringEnum, Text, Timestamp } from './text.ts';

export const TICKET_STATUSES = ['new', 'processing', 'done', 'failed'] as const;

const RAW_TEXT = {
  description: 'The inquiry exactly as the customer wrote it.',
  examples: ['I cannot login to my account. Please help.'],
};
const SOURCE = {
  description: 'The channel that the inquiry came through.',
  examples: ['email'],
};

/** What a client sends to create a ticket; other fields are ignored. Lengths count code points. */
export const NewTicket = Type.Object({
  raw_text: Text({ minLength: 1, maxLength: 20000, ...RAW_TEXT }),
  source: Defaulted(Text({ maxLength: 50, default: 'web', ...SOURCE })),
});
export type NewTicket = Static<typeof NewTicket>;

export const Ticket = Type.Object(
  {
    id: Type.Integer({ description: "The ticket's id. Ids are never reused.", examples: [1] }),
    created_at: Timestamp({ description: 'When the ticket was created, in UTC.' }),
    source: Type.String(SOURCE),
    raw_text: Type.String(RAW_TEXT),
    status: StringEnum(TICKET_STATUSES, {
      description:
        '`new`: not processed yet. `processing`: a run is in progress. `done`: a result is stored and no run is in ' +
        'progress. `failed`: the last run failed and no result is stored.',
      examples: ['new'],
    }),
  },
  { $id: 'Ticket', description: 'A support inquiry and its status.' },
);
export type Ticket = Static<typeof Ticket>;
