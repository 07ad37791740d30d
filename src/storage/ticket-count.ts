import type { TicketFilter, TicketPosition, TicketRepository } from './types.ts';

/** Tickets that a search for a count reads at once. */
const SEARCH_PAGE = 1000;

/**
 * Returns a function that counts the tickets of a filter. With `q` it reads all pages, so that other searches can take
 * turns with it.
 *
 * @param count counts the tickets of a filter without `q`
 */
export function countTickets(
  list: TicketRepository['list'],
  count: (filter: Omit<TicketFilter, 'q'>) => Promise<number>,
): TicketRepository['count'] {
  return async (filter) => {
    if (filter.q === undefined) return count(filter);
    let matches = 0;
    for (let after: TicketPosition | undefined; ; ) {
      const page = await list({ filter, order: 'oldest', limit: SEARCH_PAGE, after });
      matches += page.data.length;
      if (!page.next) return matches;
      after = page.next;
    }
  };
}
