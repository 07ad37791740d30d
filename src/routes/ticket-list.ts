import { isDateOrTime } from '../schemas/date.ts';
import type { TicketFilters } from '../schemas/ticket-list.ts';
import type { TicketFilter, TicketPosition } from '../storage/types.ts';

/** What clients send as query parameters, as the storage takes it. */
export const toFilter = ({ created_after, created_before, ...filters }: TicketFilters): TicketFilter => ({
  status: filters.status,
  category: filters.category,
  source: filters.source,
  createdAfter: toDate(created_after),
  createdBefore: toDate(created_before),
  q: filters.q,
});

const toDate = (time: string | undefined) => (time === undefined ? undefined : new Date(time));

/** Whether the position in a cursor is one. */
export function isTicketPosition(value: unknown): value is TicketPosition {
  const { id, created_at } = Object(value);
  return Number.isSafeInteger(id) && typeof created_at === 'string' && isDateOrTime(created_at);
}
