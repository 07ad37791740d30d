import type { Result } from '../schemas/result.ts';

/**
 * A ticket's in-flight result. `isRemote`: another process owns the run and we poll for it. It resolves with undefined if
 * a background run has lost its lease.
 */
export interface InFlight {
  isRemote: boolean;
  result: Promise<Result | undefined>;
}

/** Concurrent requests for one ticket share one run and get the same result or error. */
export interface SingleFlight {
  /**
   * The ticket's in-flight result that a request may join. A forced request does not join a remote run: it may have
   * ended since the last poll, and would then be older than the request.
   */
  find(ticketId: number, options: { force: boolean }): InFlight['result'] | undefined;
  has(ticketId: number): boolean;
  /** Makes `resolve` the ticket's in-flight result until it settles. */
  start<T extends Result | undefined>(
    ticketId: number,
    resolve: (flight: Pick<InFlight, 'isRemote'>) => Promise<T>,
  ): Promise<T>;
  /** Resolves when nothing is in flight. */
  whenIdle(): Promise<void>;
}

export function createSingleFlight(): SingleFlight {
  const inFlight = new Map<number, InFlight>();
  return {
    has: (ticketId) => inFlight.has(ticketId),

    find(ticketId, { force }) {
      const flight = inFlight.get(ticketId);
      return flight && !(force && flight.isRemote) ? flight.result : undefined;
    },

    start<T extends Result | undefined>(
      ticketId: number,
      resolve: (flight: Pick<InFlight, 'isRemote'>) => Promise<T>,
    ): Promise<T> {
      const { promise, resolve: settle } = Promise.withResolvers<T>();
      const flight: InFlight = { isRemote: false, result: promise };
      inFlight.set(ticketId, flight); // before `resolve` runs, so that no request can come between
      settle(
        resolve(flight).finally(() => {
          if (inFlight.get(ticketId) === flight) inFlight.delete(ticketId);
        }),
      );
      return promise;
    },

    async whenIdle() {
      while (inFlight.size > 0) await Promise.allSettled([...inFlight.values()].map(({ result }) => result));
    },
  };
}
