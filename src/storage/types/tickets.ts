import type { Category, Result } from '../../schemas/result.ts';
import type { NewTicket, Ticket } from '../../schemas/ticket.ts';
import type { TicketListEntry, TicketOrder } from '../../schemas/ticket-list.ts';

export interface TicketRepository {
  create(ticket: NewTicket, options?: CreateOptions): Promise<Ticket>;
  /**
   * Creates a ticket at most once per key, within 24 hours. Undefined: the key was used with another request.
   */
  createOnce(
    ticket: NewTicket,
    key: IdempotencyKey,
    options?: CreateOptions,
  ): Promise<{ ticket: Ticket; isReplay: boolean } | undefined>;
  /**
   * Deletes a ticket with its result, runs and keys; returns false if there is no such ticket. A run under way is fenced
   * off. The usage reports keep what its ended runs have used.
   */
  delete(id: number): Promise<boolean>;
  /** The same for at most `limit` tickets that were created before a point in time; returns how many. */
  deleteCreatedBefore(time: Date, limit: number): Promise<number>;
  findById(id: number): Promise<Ticket | undefined>;
  /** Rejects with AppError `overloaded` if too many searches wait. */
  list(query: TicketListQuery): Promise<TicketListPage>;
  /** Number of tickets that match. */
  count(filter: TicketFilter): Promise<number>;
  /** Number of tickets per status. May be cached for a while when counting is slow. */
  countByStatus(): Promise<Record<Ticket['status'], number>>;
}

export interface CreateOptions {
  /** Queue a background run in the same transaction. Default: false. */
  enqueue?: boolean;
}

/** A ticket matches if each given property does; a list matches if it has the ticket's value. */
export interface TicketFilter {
  status?: Ticket['status'][] | undefined;
  /** Of the stored result. */
  category?: Category[] | undefined;
  source?: string[] | undefined;
  /** Inclusive. */
  createdAfter?: Date | undefined;
  /** Exclusive. */
  createdBefore?: Date | undefined;
  /** Part of the text or of the stored summary, in upper or lower case. */
  q?: string | undefined;
}

/** Place of a ticket in the list, which is in the order of creation time and id. */
export type TicketPosition = Pick<Ticket, 'created_at' | 'id'>;

export interface TicketListQuery {
  filter: TicketFilter;
  order: TicketOrder;
  limit: number;
  /** The page starts after this position. */
  after?: TicketPosition | undefined;
}

export interface TicketListPage {
  /** With `q`, a page may have fewer entries than the limit, or none, although there are more. */
  data: TicketListEntry[];
  /** Where the next page starts; undefined on the last page. */
  next: TicketPosition | undefined;
}

/** An `Idempotency-Key` in the namespace of an API key's name (empty without one). */
export interface IdempotencyKey {
  client: string;
  key: string;
  /** Hash of the request's fields. */
  requestHash: string;
}

export interface ResultRepository {
  findByTicketId(ticketId: number): Promise<Result | undefined>;
}

/** A result before it is stored. */
export type NewResult = Omit<Result, 'id' | 'created_at'>;
