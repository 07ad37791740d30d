import type { Result } from '../schemas/result.ts';

/** How a ticket's in-flight result comes about. */
export interface FlightState {
  /** Another process owns the run and we poll for it. */
  isRemote: boolean;
  /** The result is an older one, which the claim has found. */
  isStored: boolean;
}

/** A ticket's in-flight result. It resolves with undefined if a background run has lost its lease. */
export interface InFlight extends FlightState {
  result: Promise<Result | undefined>;
}

/** Concurrent requests for one ticket share one run and get the same result or error. */
export interface SingleFlight {
  /**
   * The ticket's in-flight result that a request may join. A forced request does not join a remote run: it may have
   * ended since the last poll, and would then be older than the request. If its result turns out to be a stored one, it
   * must start again.
   */
  find(ticketId: number, options: { force: boolean }): InFlight | undefined;
  has(ticketId: number): boolean;
  /** Makes `resolve` the ticket's in-flight result until it settles. */
  start<T extends Result | undefined>(ticketId: number, resolve: (flight: FlightState) => Promise<T>): Promise<T>;
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
      return force && flight?.isRemote ? undefined : flight;
    },

    start<T extends Result | undefined>(ticketId: number, resolve: (flight: FlightState) => Promise<T>): Promise<T> {
      const { promise, resolve: settle } = Promise.withResolvers<T>();
      const flight: InFlight = { isRemote: false, isStored: false, result: promise };
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
