import { randomUUID } from 'node:crypto';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { ClaimResult, RunFailure, RunRepository, RunState } from '../types.ts';
import type { Reader } from './reader.ts';
import { isAbandoned, prepareRunQueries, reusableResult } from './run-queries.ts';
import { prepareRunStatements } from './run-statements.ts';
import { tickets } from './schema.ts';
import type { WriteBatcher } from './write-batcher.ts';

export interface RunRepositoryOptions {
  /** How long a process that does not renew its runs is taken to be alive, in ms. */
  leaseMs: number;
}

export function createRunRepository(
  db: BetterSQLite3Database,
  { db: reads, first, read }: Reader,
  { write, wasBlockedWithin }: WriteBatcher,
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
  const ownerMayBeBlocked = (run: { expires_at: number | null; owner: string }) =>
    run.expires_at !== null && run.owner !== owner && wasBlockedWithin(leaseMs / 4);

  const endRun = (ticket_id: number, run: number, failure?: RunFailure) =>
    write(() => {
      if (!isOwn(ticket_id, run)) return false;
      statements.settle.run({ ticket_id });
      statements.recordFailure.run({ ticket_id, failure: failure ? JSON.stringify(failure) : null });
      return true;
    });

  return {
    findCachedResult: async (ticketId) => {
      const { now, latest } = window();
      return reusable(ticketId, now, latest);
    },

    claimRun: (ticket_id, { force, claim }) =>
      write((): ClaimResult => {
        const ticket = statements.ticket.get({ ticket_id });
        if (!ticket) return { state: 'ticket_not_found' };
        const current = statements.run.get({ ticket_id });
        if (current && (isAlive(current) || ownerMayBeBlocked(current))) return { state: 'running', run: current.run };
        const result = force ? undefined : statements.result.get({ ticket_id });
        if (result) return { state: 'stored', result };
        if (!claim) return { state: 'unclaimed' };
        const run = (current?.run ?? 0) + 1;
        statements.claim.run({ ticket_id, run, owner, expires_at: Date.now() + leaseMs });
        statements.markProcessing.run({ ticket_id });
        return { state: 'claimed', run, text: ticket.raw_text, wasReclaimed: typeof current?.expires_at === 'number' };
      }),

    renewLeases: async (ticketIds) => {
      if (ticketIds.length === 0) return [];
      return write(() => {
        const own = { owner, ticket_ids: JSON.stringify(ticketIds) };
        const renewed = statements.renew.all({ ...own, expires_at: Date.now() + leaseMs });
        statements.markRenewed.run(own); // others may have settled a run whose owner stood still
        return renewed.map(({ ticket_id }) => ticket_id);
      });
    },

    completeRun: (run, result) =>
      write(() => {
        const { ticket_id } = result;
        if (!isOwn(ticket_id, run)) return undefined;
        const stored = statements.storeResult.get(result);
        statements.markDone.run({ ticket_id });
        statements.recordSuccess.run({ ticket_id });
        return stored;
      }, result.summary.length + result.reply_draft.length),

    failRun: (ticketId, run, failure) => endRun(ticketId, run, failure),
    releaseRun: (ticketId, run) => endRun(ticketId, run),

    getRunState: async (ticket_id, run) =>
      read((): RunState => {
        const current = queries.run.get({ ticket_id });
        const result = queries.result.get({ ticket_id });
        if (current && current.succeeded >= run && result) return { state: 'stored', result };
        if (current?.failure && current.run === run) return { state: 'failed', failure: current.failure };
        return current && isAlive(current) ? { state: 'running', run: current.run } : { state: 'released' };
      }),

    recoverExpiredRuns: async () => {
      if (read(() => abandoned.get(window()))) await write(() => void statements.settleAbandoned.run(window()));
    },
  };
}
