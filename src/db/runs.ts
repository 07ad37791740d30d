import { randomUUID } from 'node:crypto';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { Result } from '../schemas/result.ts';
import type { Reader } from './reader.ts';
import { isAbandoned, prepareRunQueries, reusableResult } from './run-queries.ts';
import { prepareRunStatements } from './run-statements.ts';
import { type Failure, tickets } from './schema.ts';
import type { Writer } from './writer.ts';

export type NewResult = Omit<Result, 'id' | 'created_at'>;

/** What came of the wish to start a run; `run` is its number, which counts a ticket's runs. Taken over: from a process that is gone. */
export type Start =
  | { state: 'started'; run: number; text: string; isTakenOver: boolean }
  | { state: 'running'; run: number }
  | { state: 'stored'; result: Result }
  | { state: 'free' };

/** What has become of a run; `free` if its owner gave it up or is gone. */
export type Outcome =
  | { state: 'running'; run: number }
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
  /**
   * Starts a run unless one is under way, or a result is stored and `force` is not set; without `claim` nothing is
   * started. Undefined: there is no such ticket.
   */
  start(ticketId: number, options: { force: boolean; claim: boolean }): Promise<Start | undefined>;
  /** Keeps runs of this process, and returns those tickets whose run still is its own. */
  renew(ticketIds: number[]): Promise<number[]>;
  /** Stores the one result of a ticket, over an older one, and ends the run; undefined: another process took it over. */
  finish(run: number, result: NewResult): Promise<Result | undefined>;
  /**
   * Ends a run without a result; without a failure it is given up, so that another process can start it anew.
   *
   * @returns whether the run still was this process's
   */
  fail(ticketId: number, run: number, failure?: Failure): Promise<boolean>;
  /** What has become of a run that some process had started. */
  outcome(ticketId: number, run: number): Promise<Outcome>;
  /** Gives tickets whose run's owner is gone their true status. */
  settleAbandoned(): Promise<void>;
}

export interface RunRepositoryOptions {
  /** How long a process that does not renew its runs is taken to be alive, in ms. */
  leaseMs: number;
}

export function createRunRepository(
  db: BetterSQLite3Database,
  { db: reads, first, read }: Reader,
  { write, wasHeldUp }: Writer,
  { leaseMs }: RunRepositoryOptions,
): RunRepository {
  /** This process, unlike any other on the file. */
  const owner = randomUUID();
  const statements = prepareRunStatements(db);
  const queries = prepareRunQueries(reads);
  const abandoned = reads.select().from(tickets).where(isAbandoned(reads)).limit(1).prepare();
  const reusable = first(reusableResult(reads));
  const isOwn = (ticket_id: number, run: number) => {
    const current = statements.run.get({ ticket_id });
    return current?.owner === owner && current.run === run;
  };

  /** Where the lease of a run that is alive ends; one that reaches far beyond its length is from before the clock was set back. */
  const window = () => {
    const now = Date.now();
    return { now, latest: now + 2 * leaseMs };
  };
  const isAlive = (run: { expires_at: number | null } | undefined) => {
    const { now, latest } = window();
    return typeof run?.expires_at === 'number' && run.expires_at >= now && run.expires_at <= latest;
  };

  /** Whether an owner may be alive that could not renew its run, because the file was locked until a moment ago. */
  const mayStillBe = (run: { expires_at: number | null; owner: string }) =>
    run.expires_at !== null && run.owner !== owner && wasHeldUp(leaseMs / 4);

  return {
    reusable: async (ticketId) => {
      const { now, latest } = window();
      return reusable(ticketId, now, latest);
    },

    start: (ticket_id, { force, claim }) =>
      write((): Start | undefined => {
        const ticket = statements.ticket.get({ ticket_id });
        if (!ticket) return undefined;
        const current = statements.run.get({ ticket_id });
        if (current && (isAlive(current) || mayStillBe(current))) return { state: 'running', run: current.run };
        const result = force ? undefined : statements.result.get({ ticket_id });
        if (result) return { state: 'stored', result };
        if (!claim) return { state: 'free' };
        const run = (current?.run ?? 0) + 1;
        statements.claim.run({ ticket_id, run, owner, expires_at: Date.now() + leaseMs });
        statements.markProcessing.run({ ticket_id });
        return { state: 'started', run, text: ticket.raw_text, isTakenOver: typeof current?.expires_at === 'number' };
      }),

    renew: async (ticketIds) => {
      if (ticketIds.length === 0) return [];
      return write(() => {
        const own = { owner, ticket_ids: JSON.stringify(ticketIds) };
        const renewed = statements.renew.all({ ...own, expires_at: Date.now() + leaseMs });
        statements.markRenewed.run(own); // others may have settled a run whose owner stood still
        return renewed.map(({ ticket_id }) => ticket_id);
      });
    },

    finish: (run, result) =>
      write(() => {
        const { ticket_id } = result;
        if (!isOwn(ticket_id, run)) return undefined;
        const stored = statements.storeResult.get(result);
        statements.markDone.run({ ticket_id });
        statements.recordSuccess.run({ ticket_id });
        return stored;
      }, result.summary.length + result.reply_draft.length),

    fail: (ticket_id, run, failure) =>
      write(() => {
        if (!isOwn(ticket_id, run)) return false;
        statements.settle.run({ ticket_id });
        statements.recordFailure.run({ ticket_id, failure: failure ? JSON.stringify(failure) : null });
        return true;
      }),

    outcome: async (ticket_id, run) =>
      read((): Outcome => {
        const current = queries.run.get({ ticket_id });
        const result = queries.result.get({ ticket_id });
        if (current && current.succeeded >= run && result) return { state: 'stored', result };
        if (current?.failure && current.run === run) return { state: 'failed', failure: current.failure };
        return current && isAlive(current) ? { state: 'running', run: current.run } : { state: 'free' };
      }),

    settleAbandoned: async () => {
      if (read(() => abandoned.get(window()))) await write(() => void statements.settleAbandoned.run(window()));
    },
  };
}
