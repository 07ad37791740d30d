import { randomUUID } from 'node:crypto';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { Result } from '../schemas/result.ts';
import { prepareRunStatements } from './run-statements.ts';
import type { Failure } from './schema.ts';

export type NewResult = Omit<Result, 'id' | 'created_at'>;

/** What came of the wish to start a run. */
export type Start = { state: 'started'; text: string } | { state: 'stored'; result: Result } | { state: 'running' };

/** What has become of a run in another process; `free` if its owner gave it up or is gone. */
export type Outcome =
  | { state: 'running' }
  | { state: 'stored'; result: Result }
  | { state: 'failed'; failure: Failure }
  | { state: 'free' };

/**
 * The runs of all processes on the file: at most one per ticket at a time. A run belongs to the process that started
 * it until that has not renewed it for a lease's length; what it wants to store after another took over is refused.
 */
export interface RunRepository {
  /** The stored result, unless a run is under way. */
  reusable(ticketId: number): Promise<Result | undefined>;
  /** Starts a run unless one is under way, or a result is stored and `force` is not set; undefined: no such ticket. */
  start(ticketId: number, options: { force: boolean }): Promise<Start | undefined>;
  /** Keeps runs of this process; to be called well within a lease's length. */
  renew(ticketIds: number[]): Promise<void>;
  /** Stores the one result of a ticket, over an older one, and ends the run; undefined: another process took it over. */
  finish(result: NewResult): Promise<Result | undefined>;
  /** Ends a run without a result; without a failure it is given up, so that another process can start it anew. */
  fail(ticketId: number, failure?: Failure): Promise<void>;
  outcome(ticketId: number): Promise<Outcome>;
  /** Gives tickets whose run's owner is gone their true status. */
  settleAbandoned(): Promise<void>;
}

export interface RunRepositoryOptions {
  /** How long a process that does not renew its runs is taken to be alive, in ms. */
  leaseMs: number;
}

export function createRunRepository(db: BetterSQLite3Database, { leaseMs }: RunRepositoryOptions): RunRepository {
  /** This process, unlike any other on the file. */
  const owner = randomUUID();
  const statements = prepareRunStatements(db);
  const atomically = <T>(work: () => T): T => db.transaction(work, { behavior: 'immediate' });
  /** Now, and up to when a lease can reach: one that reaches further is from before the clock was set back. */
  const window = () => ({ now: Date.now(), latest: Date.now() + leaseMs });
  const isOwner = (ticket_id: number) => statements.run.get({ ticket_id })?.owner === owner;

  return {
    reusable: async (ticket_id) => statements.reusable.get({ ticket_id, ...window() }),

    start: async (ticket_id, { force }) =>
      atomically(() => {
        const ticket = statements.ticket.get({ ticket_id });
        if (!ticket) return undefined;
        const alive = statements.aliveRun.get({ ticket_id, ...window() });
        if (alive && alive.owner !== owner) return { state: 'running' };
        const result = force ? undefined : statements.result.get({ ticket_id });
        if (result) return { state: 'stored', result };
        statements.claim.run({ ticket_id, owner, expires_at: Date.now() + leaseMs });
        statements.markProcessing.run({ ticket_id });
        return { state: 'started', text: ticket.raw_text };
      }),

    renew: async (ticketIds) =>
      void statements.renew.run({ owner, ticket_ids: JSON.stringify(ticketIds), expires_at: Date.now() + leaseMs }),

    finish: async (result) =>
      atomically(() => {
        const { ticket_id } = result;
        if (!isOwner(ticket_id)) return undefined;
        const stored = statements.storeResult.get(result);
        statements.markDone.run({ ticket_id });
        statements.removeRun.run({ ticket_id });
        return stored;
      }),

    fail: async (ticket_id, failure) =>
      atomically(() => {
        if (!isOwner(ticket_id)) return;
        statements.settle.run({ ticket_id });
        if (failure) statements.recordFailure.run({ ticket_id, failure: JSON.stringify(failure) });
        else statements.giveUp.run({ ticket_id });
      }),

    outcome: async (ticket_id) => {
      const run = statements.run.get({ ticket_id });
      if (run?.failure) return { state: 'failed', failure: run.failure };
      if (run) return { state: statements.aliveRun.get({ ticket_id, ...window() }) ? 'running' : 'free' };
      const result = statements.result.get({ ticket_id });
      return result ? { state: 'stored', result } : { state: 'free' };
    },

    settleAbandoned: async () => void statements.settleAbandoned.run(window()),
  };
}
