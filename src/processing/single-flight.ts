import type { Result } from '../schemas/result.ts';

/** A ticket's in-flight result. It resolves with undefined if a background run has lost its lease. */
export interface InFlight {
  /**
   * Whether the result will be newer than a request that joins now. It may be older while another process owns the run,
   * which may have ended since the last poll, and until a claim that is not forced has found no stored result.
   */
  isNew: boolean;
  result: Promise<Result | undefined>;
}

/** Concurrent requests for one ticket share one run and get the same result or error. */
export interface SingleFlight {
  /** The ticket's in-flight result that a request may join. A forced request joins only one that is new. */
  find(ticketId: number, options: { force: boolean }): InFlight['result'] | undefined;
  has(ticketId: number): boolean;
  /** Makes `resolve` the ticket's in-flight result until it settles. */
  start<T extends Result | undefined>(
    ticketId: number,
    resolve: (flight: Pick<InFlight, 'isNew'>) => Promise<T>,
  ): Promise<T>;
  /** Resolves when nothing is in flight, also no result that a newer one has replaced. */
  whenIdle(): Promise<void>;
}

export function createSingleFlight(): SingleFlight {
  const inFlight = new Map<number, InFlight>();
  const unsettled = new Set<Promise<unknown>>();
  return {
    has: (ticketId) => inFlight.has(ticketId),

    find(ticketId, { force }) {
      const flight = inFlight.get(ticketId);
      return flight && (flight.isNew || !force) ? flight.result : undefined;
    },

    start<T extends Result | undefined>(
      ticketId: number,
      resolve: (flight: Pick<InFlight, 'isNew'>) => Promise<T>,
    ): Promise<T> {
      const { promise, resolve: settle } = Promise.withResolvers<T>();
      const flight: InFlight = { isNew: true, result: promise };
      unsettled.add(promise);
      inFlight.set(ticketId, flight); // before `resolve` runs, so that no request can come between
      settle(
        resolve(flight).finally(() => {
          unsettled.delete(promise);
          if (inFlight.get(ticketId) === flight) inFlight.delete(ticketId);
        }),
      );
      return promise;
    },

    async whenIdle() {
      while (unsettled.size > 0) await Promise.allSettled(unsettled);
    },
  };
}
