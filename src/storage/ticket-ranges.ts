import { CATEGORIES } from '../schemas/result.ts';
import { TICKET_STATUSES } from '../schemas/ticket.ts';
import type { TicketFilter } from './types.ts';

/** Values of the first columns of an index on `tickets`. The columns' names make the name of the index. */
export type TicketRange = { source?: string; status?: string; category?: string | null };

/** The ranges of an index that together hold the tickets of a filter: one for each combination of values. */
export function toRanges({ status, category, source }: TicketFilter): TicketRange[] {
  const combine = (ranges: TicketRange[], column: keyof TicketRange, values: readonly (string | null)[]) =>
    ranges.flatMap((range) => [...new Set(values)].map((value): TicketRange => ({ ...range, [column]: value })));
  const ranges = source ? combine([{}], 'source', source) : [{}];
  const hasEveryStatus = !status || new Set(status).size === TICKET_STATUSES.length;
  if (hasEveryStatus && !category) return ranges;
  return combine(combine(ranges, 'status', status ?? TICKET_STATUSES), 'category', category ?? [...CATEGORIES, null]);
}
