import { randomUUID } from 'node:crypto';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { RunUsage } from '../../schemas/run.ts';
import { fold } from '../fold.ts';
import type { ClaimOptions, ClaimResult, RunFailure, RunRepository, RunState } from '../types.ts';
import { read } from './errors.ts';
import { prepareResultUpsert } from './results.ts';
import type { STATE_COLUMNS } from './run-columns.ts';
import { prepareRunStatements } from './run-statements.ts';
import type { runs } from './schema.ts';
import { createUsageRecorder, prepareCostOfDay } from './usage.ts';
import type { WriteBatcher } from './write-batcher.ts';

type RunRow = Pick<typeof runs.$inferSelect, keyof typeof STATE_COLUMNS>;

export function createRunRepository(
  db: BetterSQLite3Database,
  { write, wasBlockedWithin }: WriteBatcher,
  leaseMs: number,
): RunRepository {
  /** Distinguishes this process from all others on the file. */
  const owner = randomUUID();
  const statements = prepareRunStatements(db);
  const storeResult = prepareResultUpsert(db);
  const recordUsage = createUsageRecorder(db);
  const costOfDay = prepareCostOfDay(db);

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

  const isBudgetExhausted = (dailyBudgetUsd: number) => costOfDay(utcDay()) >= dailyBudgetUsd;

  function claimRun(ticketId: number, { force, claim, origin, dailyBudgetUsd }: ClaimOptions): ClaimResult {
    const ticket = statements.findTicket.get({ ticketId });
    if (!ticket) return { state: 'ticket_not_found' };
    const newest = statements.findNewest.get({ ticketId });
    if (newest && (isLeased(newest) || ownerMayBeBlocked(newest))) return { state: 'running', run: newest.number };
    const result = force ? undefined : statements.findResult.get({ ticketId });
    if (result) return { state: 'stored', result };
    if (dailyBudgetUsd !== undefined && isBudgetExhausted(dailyBudgetUsd)) return { state: 'budget_exhausted' };
    if (!claim) return { state: 'unclaimed' };
    if (newest?.status === 'running') statements.abandon.run({ ticketId });
    const number = (newest?.number ?? 0) + 1;
    statements.claim.run({ ticketId, number, owner, expiresAt: Date.now() + leaseMs, ...origin });
    statements.markProcessing.run({ ticketId });
    // A released run has no owner, so only an expired one was reclaimed.
    const wasReclaimed = newest !== undefined && newest.lease_owner !== null;
    return { state: 'claimed', run: number, text: ticket.raw_text, wasReclaimed };
  }

  return {
    findCachedResult: (ticketId) => read(() => statements.findCachedResult.get({ ticketId, ...leaseWindow() })),

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

    failRun: (ticketId, number, failure, usage) =>
      write(() => {
        const run = statements.fail.get({ ...toColumns(failure), ...usage, ticketId, number, owner });
        if (!run) {
          statements.addLateUsage.run({ ...usage, ticketId, number, owner });
          return false;
        }
        recordUsage(run);
        statements.restoreTicketStatus.run({ ticketId });
        return true;
      }),

    releaseRun: (ticketId, number, usage: RunUsage) =>
      write(() => {
        const { changes } = statements.release.run({ ...usage, ticketId, number, owner });
        if (changes > 0) statements.restoreTicketStatus.run({ ticketId });
        else statements.addLateUsage.run({ ...usage, ticketId, number, owner });
        return changes > 0;
      }),

    getRunState: (ticketId, number) =>
      read((): RunState => {
        const newest = statements.findNewest.get({ ticketId });
        if (!newest) return { state: 'released' };
        const result = statements.findResult.get({ ticketId });
        if (result && statements.findSucceededSince.get({ ticketId, number })) return { state: 'stored', result };
        if (newest.number === number && newest.status === 'failed')
          return { state: 'failed', failure: toFailure(newest) };
        return isLeased(newest) ? { state: 'running', run: newest.number } : { state: 'released' };
      }),

    async recoverExpiredRuns() {
      if (!(await read(() => statements.findExpired.get(leaseWindow())))) return;
      await write(() => {
        statements.abandonExpired.run(leaseWindow());
        statements.restoreExpired.run(leaseWindow());
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

const utcDay = () => new Date().toISOString().slice(0, 10);

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
