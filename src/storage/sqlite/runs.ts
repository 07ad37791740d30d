import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { RunUsage } from '../../schemas/run.ts';
import { fold } from '../fold.ts';
import type { ClaimOptions, ClaimResult, NextRun, RunFailure, RunRepository, RunState } from '../types.ts';
import { read } from './errors.ts';
import { prepareResultUpsert } from './results.ts';
import type { SERIES_COLUMNS, STATE_COLUMNS } from './run-columns.ts';
import type { runs } from './schema.ts';
import type { SharedStatements } from './statements.ts';
import type { WriteBatcher } from './write-batcher.ts';

type RunRow = Pick<typeof runs.$inferSelect, keyof typeof STATE_COLUMNS>;
type SeriesRow = Pick<RunRow, keyof typeof SERIES_COLUMNS>;

export interface ProcessIdentity {
  /** Distinguishes this process from all others on the file. */
  owner: string;
  leaseMs: number;
}

export function createRunRepository(
  db: BetterSQLite3Database,
  { runs: statements, insertQueuedRun, recordUsage, isBudgetExhausted }: SharedStatements,
  { write, wasBlockedWithin }: WriteBatcher,
  { owner, leaseMs }: ProcessIdentity,
): RunRepository {
  const storeResult = prepareResultUpsert(db);
  let hasRestoredOrphans = false;

  /**
   * When the lease of an active run may expire. A lease that expires much later than a new one would was made before the
   * clock was set back.
   */
  const leaseWindow = () => {
    const now = Date.now();
    return { now, latest: now + 2 * leaseMs };
  };

  const isLeased = ({ status, lease_expires_at }: RunRow) => {
    const { now, latest } = leaseWindow();
    return status === 'running' && lease_expires_at !== null && lease_expires_at >= now && lease_expires_at <= latest;
  };

  /** The file was blocked a moment ago, for this process and perhaps for an owner that could not renew its lease. */
  const ownerMayBeBlocked = (run: RunRow) =>
    run.status === 'running' && run.lease_owner !== owner && wasBlockedWithin(leaseMs / 4);

  /** Queues the next run of a background series. */
  function enqueueNext(run: SeriesRow, next: NextRun & { startAfter?: number | null }): void {
    insertQueuedRun({ ticketId: run.ticket_id, number: run.number + 1, batchId: run.batch_id, ...next });
    leaveBatch(run);
  }

  /** A batch counts only the newest run of a ticket, and the cost of all. */
  function leaveBatch({ id, batch_id: batchId, cost_usd: cost }: SeriesRow): void {
    if (batchId === null) return;
    if (cost !== null) statements.addBatchCost.run({ batchId, cost });
    statements.clearBatch.run({ id });
  }

  /** What follows a run without an outcome. It keeps its number in the series and its place in the queue. */
  function recoverTicket(run: SeriesRow): void {
    const { ticket_id: ticketId, background_run: backgroundRun, start_after: startAfter } = run;
    if (backgroundRun === null) statements.restoreTicketStatus.run({ ticketId });
    else enqueueNext(run, { backgroundRun, startAfter, delayMs: 0 });
  }

  function claimRun(ticketId: number, { force, claim, origin, dailyBudgetUsd }: ClaimOptions): ClaimResult {
    const ticket = statements.findTicket.get({ ticketId });
    if (!ticket) return { state: 'ticket_not_found' };
    const newest = statements.findNewest.get({ ticketId });
    if (newest && (isLeased(newest) || ownerMayBeBlocked(newest))) return { state: 'running', run: newest.number };
    const isQueued = newest?.status === 'queued';
    const result = force || isQueued ? undefined : statements.findResult.get({ ticketId });
    if (result) return { state: 'stored', result };
    if (isBudgetExhausted(dailyBudgetUsd)) return { state: 'budget_exhausted' };
    if (!claim) return { state: 'unclaimed' };
    const lease = { ticketId, owner, expiresAt: Date.now() + leaseMs, ...origin };
    if (isQueued) {
      const { number: run, background_run: backgroundRun } = newest;
      statements.startQueued.run({ ...lease, number: run });
      return {
        state: 'claimed',
        run,
        text: ticket.raw_text,
        backgroundRun: backgroundRun ?? undefined,
        wasReclaimed: false,
      };
    }
    const number = (newest?.number ?? 0) + 1;
    // An expired background run has not been recovered yet: this run takes its place in the series.
    const expired = newest?.status === 'running' ? newest : undefined;
    const { background_run: backgroundRun = null, batch_id: batchId = null } = expired ?? {};
    if (expired) {
      statements.abandon.run({ ticketId });
      leaveBatch(expired);
    }
    statements.claim.run({ ...lease, number, backgroundRun, batchId });
    statements.markProcessing.run({ ticketId });
    // A released run has no owner, so only an expired one was reclaimed.
    const wasReclaimed = newest !== undefined && newest.lease_owner !== null;
    return {
      state: 'claimed',
      run: number,
      text: ticket.raw_text,
      backgroundRun: backgroundRun ?? undefined,
      wasReclaimed,
    };
  }

  /** Once per process: it reads every ticket in processing, which are as many as the queue is long. */
  async function restoreOrphans(): Promise<void> {
    if (hasRestoredOrphans) return;
    if (await read(() => statements.findOrphan.get())) await write(() => statements.restoreOrphans.run());
    hasRestoredOrphans = true;
  }

  return {
    findCachedResult: (ticketId) => read(() => statements.findCachedResult.get({ ticketId })),

    claimRun: (ticketId, options) => write(() => claimRun(ticketId, options)),

    isBudgetExhausted: (dailyBudgetUsd) => read(() => isBudgetExhausted(dailyBudgetUsd)),

    async renewLeases(ticketIds) {
      if (ticketIds.length === 0) return [];
      return write(() => {
        const list = JSON.stringify(ticketIds);
        const renewed = statements.renew.all({ owner, ticketIds: list, expiresAt: Date.now() + leaseMs });
        const owned = renewed.map(({ ticketId }) => ticketId);
        // Another process may have recovered a run whose lease had expired.
        statements.markRenewed.run({ ticketIds: JSON.stringify(owned) });
        return owned;
      });
    },

    completeRun: (number, result, usage) =>
      write(
        () => {
          const ticketId = result.ticket_id;
          const run = statements.complete.get({ ...result, ...usage, ticketId, number, owner });
          if (!run) {
            statements.addLateUsage.run({ ...usage, ticketId, number, owner });
            return undefined;
          }
          recordUsage(run);
          statements.markDone.run({ ticketId, category: result.category });
          statements.setSearchSummary.run({ ticketId, summary: fold(result.summary) });
          return storeResult.get(result);
        },
        3 * (result.summary.length + result.reply_draft.length),
      ),

    failRun: (ticketId, number, failure, usage, nextRun) =>
      write(() => {
        const run = statements.fail.get({ ...toColumns(failure), ...usage, ticketId, number, owner });
        if (!run) {
          statements.addLateUsage.run({ ...usage, ticketId, number, owner });
          return false;
        }
        recordUsage(run);
        if (nextRun && run.background_run !== null) enqueueNext(run, nextRun);
        else statements.restoreTicketStatus.run({ ticketId });
        return true;
      }),

    releaseRun: (ticketId, number, usage: RunUsage) =>
      write(() => {
        const run = statements.release.get({ ...usage, ticketId, number, owner });
        if (run) recoverTicket(run);
        else statements.addLateUsage.run({ ...usage, ticketId, number, owner });
        return run !== undefined;
      }),

    getRunState: (ticketId, number) =>
      read((): RunState => {
        const newest = statements.findNewest.get({ ticketId });
        if (!newest) return { state: 'released' };
        const result = statements.findResult.get({ ticketId });
        if (result && statements.findSucceededSince.get({ ticketId, number })) return { state: 'stored', result };
        const isQueued = newest.status === 'queued';
        // A queued run may be the retry of the one that was waited for.
        const run = isQueued ? statements.findByNumber.get({ ticketId, number }) : newest;
        if (run?.number === number && run.status === 'failed') return { state: 'failed', failure: toFailure(run) };
        if (isQueued) return { state: 'queued' };
        return isLeased(newest) ? { state: 'running', run: newest.number } : { state: 'released' };
      }),

    async recoverExpiredRuns() {
      await restoreOrphans();
      if (!(await read(() => statements.findExpired.get(leaseWindow())))) return;
      await write(() => {
        for (const run of statements.findExpired.all(leaseWindow())) {
          if (ownerMayBeBlocked(run)) continue;
          statements.abandon.run({ ticketId: run.ticket_id });
          recoverTicket(run);
        }
      });
    },

    listRuns: (ticketId, { limit, before = Number.MAX_SAFE_INTEGER }) =>
      read(() => {
        if (!statements.findTicket.get({ ticketId })) return undefined;
        return statements.list.all({ ticketId, limit, before });
      }),

    findRun: (ticketId, number) => read(() => statements.findRun.get({ ticketId, number })),
  };
}

const toColumns = ({
  code,
  message,
  openai_request_id = null,
  retryAfterMs,
}: { [K in keyof RunFailure]: RunFailure[K] | null }) => ({
  code,
  message,
  openai_request_id,
  retryAfterMs: retryAfterMs == null ? null : Math.round(retryAfterMs),
});

function toFailure({ error_code, error_message, openai_request_id, retry_after_ms }: RunRow): RunFailure {
  return {
    code: error_code ?? 'internal_error',
    message: error_message ?? 'internal error',
    openai_request_id: openai_request_id ?? undefined,
    retryAfterMs: retry_after_ms ?? undefined,
  };
}
