import { randomUUID } from 'node:crypto';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { ClaimResult, RunFailure, RunRepository, RunState } from '../types.ts';
import { read } from './errors.ts';
import { prepareRunStatements } from './run-statements.ts';
import type { runs } from './schema.ts';
import type { WriteBatcher } from './write-batcher.ts';

type Run = typeof runs.$inferSelect;

export function createRunRepository(
  db: BetterSQLite3Database,
  { write, wasBlockedWithin }: WriteBatcher,
  leaseMs: number,
): RunRepository {
  /** Distinguishes this process from all others on the file. */
  const owner = randomUUID();
  const statements = prepareRunStatements(db);

  /**
   * When the lease of an active run may expire. One that expires much later than a new lease would was renewed before
   * the clock was set back, so it does not count.
   */
  const leaseWindow = () => {
    const now = Date.now();
    return { now, latest: now + 2 * leaseMs };
  };

  const isLeased = ({ lease_expires_at }: Run) => {
    const { now, latest } = leaseWindow();
    return lease_expires_at !== null && lease_expires_at >= now && lease_expires_at <= latest;
  };

  /** The file was blocked a moment ago, for this process and perhaps for an owner that could not renew its lease. */
  const ownerMayBeBlocked = (run: Run) =>
    run.lease_expires_at !== null && run.lease_owner !== owner && wasBlockedWithin(leaseMs / 4);

  function claimRun(ticketId: number, { force, claim }: { force: boolean; claim: boolean }): ClaimResult {
    const ticket = statements.findTicket.get({ ticketId });
    if (!ticket) return { state: 'ticket_not_found' };
    const current = statements.findRun.get({ ticketId });
    if (current && (isLeased(current) || ownerMayBeBlocked(current))) return { state: 'running', run: current.number };
    const result = force ? undefined : statements.findResult.get({ ticketId });
    if (result) return { state: 'stored', result };
    if (!claim) return { state: 'unclaimed' };
    const number = (current?.number ?? 0) + 1;
    statements.claim.run({ ticketId, number, owner, expiresAt: Date.now() + leaseMs });
    statements.markProcessing.run({ ticketId });
    const wasReclaimed = current !== undefined && current.lease_expires_at !== null;
    return { state: 'claimed', run: number, text: ticket.raw_text, wasReclaimed };
  }

  const endRun = (ticketId: number, number: number, failure?: RunFailure) =>
    write(() => {
      const run = { ticketId, number, owner };
      const { changes } = failure ? statements.fail.run({ ...run, failure }) : statements.release.run(run);
      if (changes === 0) return false;
      statements.restoreTicketStatus.run({ ticketId });
      return true;
    });

  return {
    findCachedResult: (ticketId) => read(() => statements.findCachedResult.get({ ticketId, ...leaseWindow() })),

    claimRun: (ticketId, options) => write(() => claimRun(ticketId, options)),

    async renewLeases(ticketIds) {
      if (ticketIds.length === 0) return [];
      return write(() => {
        const ownRuns = { owner, ticketIds: JSON.stringify(ticketIds) };
        const renewed = statements.renew.all({ ...ownRuns, expiresAt: Date.now() + leaseMs });
        statements.markRenewed.run(ownRuns); // another process may have recovered a run whose lease had expired
        return renewed.map(({ ticketId }) => ticketId);
      });
    },

    completeRun: (number, result) =>
      write(() => {
        const ticketId = result.ticket_id;
        const { changes } = statements.complete.run({ ticketId, number, owner });
        if (changes === 0) return undefined;
        statements.markDone.run({ ticketId });
        return statements.storeResult.get(result);
      }, result.summary.length + result.reply_draft.length),

    failRun: (ticketId, number, failure) => endRun(ticketId, number, failure),
    releaseRun: (ticketId, number) => endRun(ticketId, number),

    async getRunState(ticketId, number): Promise<RunState> {
      const row = await read(() => statements.findRunAndResult.get({ ticketId }));
      if (!row) return { state: 'released' };
      const { runs: run, results: result } = row;
      if (run.last_succeeded >= number && result) return { state: 'stored', result };
      if (run.number === number && run.failure) return { state: 'failed', failure: run.failure };
      return isLeased(run) ? { state: 'running', run: run.number } : { state: 'released' };
    },

    async recoverExpiredRuns() {
      const expired = await read(() => statements.findExpired.get(leaseWindow()));
      if (expired) await write(() => void statements.restoreExpired.run(leaseWindow()));
    },
  };
}
