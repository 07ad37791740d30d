import pLimit from 'p-limit';
import { AppError } from '../errors.ts';
import type { TicketFilter, TicketListPage, TicketListQuery } from './types.ts';

/** How long a search may read, so that it is answered within a second. Searches that wait share this time. */
const BUDGET_MS = 800;
const MAX_WAITING = 15;

/** Limits the number of searches at a time. They may read the texts of all tickets. */
export function createSearchQueue(
  search: (query: TicketListQuery, budgetMs: number) => Promise<TicketListPage>,
  concurrency: number,
): (query: TicketListQuery) => Promise<TicketListPage> {
  const queue = pLimit(concurrency);
  return async (query) => {
    if (queue.pendingCount >= MAX_WAITING) throw new AppError('overloaded', 'too many searches wait');
    const deadline = performance.now() + BUDGET_MS;
    return queue(() => search(query, Math.max(0, deadline - performance.now()) / (1 + queue.pendingCount)));
  };
}

/** One count at a time, which has no limit of time. */
export function createCountQueue(
  count: (filter: TicketFilter) => Promise<number>,
): (filter: TicketFilter) => Promise<number> {
  const queue = pLimit(1);
  return async (filter) => {
    if (queue.pendingCount >= MAX_WAITING) throw new AppError('overloaded', 'too many counts of tickets wait');
    return queue(() => count(filter));
  };
}
