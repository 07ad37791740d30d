import type { RunUsage } from '../../schemas/run.ts';
import { fold } from '../fold.ts';
import type { ClaimOptions, ClaimResult, NewResult, RunRepository, RunState } from '../types.ts';
import { roundLatency } from '../usage-report.ts';
import type { Availability } from './availability.ts';
import { createBatcher } from './batcher.ts';
import type { Connections } from './connections.ts';
import { type ClaimInput, prepareClaims } from './run-claim.ts';
import type { RunConditions } from './run-conditions.ts';
import { prepareRunEnds } from './run-ends.ts';
import { fromColumns, toColumns } from './run-failure.ts';
import { prepareHeartbeat } from './run-heartbeat.ts';
import { prepareRunReads } from './run-reads.ts';
import { untilDecided } from './until-decided.ts';
import type { Writer } from './writer.ts';

/** Runs of other processes are polled by one statement for all, with this pause between two. */
const POLL_PAUSE_MS = 100;
const MAX_POLLED_RUNS = 1000;

/** Most claims, and most ends of runs, in one statement. */
const MAX_BATCH_SIZE = 100;

/** Makes batches larger under load: a statement has a fixed cost, and a run takes seconds. */
const BATCH_PAUSE_MS = 5;

interface EndInput {
  run: RunUsage & { ticket_id: number; number: number };
  result?: NewResult;
  folded_summary?: string;
  rounded_latency_ms?: number;
  next_background_run?: number | undefined;
  next_delay_ms?: number | undefined;
}

/** The row of each input's ticket. */
function inOrderOf<Row extends { ticketId: number }>(
  inputs: { ticket_id: number }[],
  rows: Row[],
): (Row | undefined)[] {
  const byTicket = new Map(rows.map((row) => [row.ticketId, row]));
  return inputs.map(({ ticket_id }) => byTicket.get(ticket_id));
}

export interface RunRepositoryOptions {
  writer: Pick<Writer, 'write'>;
  availability: Pick<Availability, 'wasInterruptedWithin'>;
  conditions: RunConditions;
  leaseMs: number;
}

export function createRunRepository(connections: Connections, options: RunRepositoryOptions): RunRepository {
  const { conditions, leaseMs } = options;
  const { write } = options.writer;
  const { wasInterruptedWithin } = options.availability;
  const reads = prepareRunReads(connections.reads, conditions);
  const claims = prepareClaims(connections.pool, conditions);
  const ends = prepareRunEnds(connections, conditions);
  const heartbeat = prepareHeartbeat(connections, conditions);
  let hasRestoredOrphans = false;

  const claim = createBatcher(
    async (batch: ClaimInput[]) => {
      // The database could not be used a moment ago, perhaps neither by owners that had to renew their leases.
      const othersMayBeBlocked = wasInterruptedWithin(leaseMs / 4);
      const values = { claims: JSON.stringify(batch), othersMayBeBlocked };
      const rows = await write(() => claims.execute(values), batch.length);
      return inOrderOf(batch, rows);
    },
    { maxSize: MAX_BATCH_SIZE, keyOf: ({ ticket_id }) => ticket_id, pauseMs: BATCH_PAUSE_MS },
  );

  async function tryToClaim(ticketId: number, options: ClaimOptions): Promise<ClaimResult | undefined> {
    const { origin, force, dailyBudgetUsd = null } = options;
    const row = await claim({
      ticket_id: ticketId,
      force,
      claim: options.claim,
      daily_budget_usd: dailyBudgetUsd,
      ...origin,
    });
    if (!row) return { state: 'ticket_not_found' };
    if (row.claimedRun !== null) {
      return {
        state: 'claimed',
        run: row.claimedRun,
        text: row.text,
        backgroundRun: row.backgroundRun ?? undefined,
        wasReclaimed: row.hasOwner, // a released run has no owner, so only an expired one was reclaimed
      };
    }
    if (row.isLeased) return { state: 'running', run: row.newestRun };
    if (row.hasResult) {
      const [result] = await reads.findResult.execute({ ticketId });
      return result && { state: 'stored', result };
    }
    if (row.isOverBudget) return { state: 'budget_exhausted' };
    return options.claim ? undefined : { state: 'unclaimed' };
  }

  const createEnd = <Row extends { ticketId: number }>(execute: (values: { input: string }) => Promise<Row[]>) => {
    const end = createBatcher(
      async (batch: EndInput[]) => {
        const rows = await write(() => execute({ input: JSON.stringify(batch) }), batch.length);
        return inOrderOf(
          batch.map(({ run }) => run),
          rows,
        );
      },
      { maxSize: MAX_BATCH_SIZE, keyOf: ({ run }) => run.ticket_id, pauseMs: BATCH_PAUSE_MS },
    );
    /** @returns undefined if it was no longer this process's run: its usage is added to the abandoned run. */
    return async (input: EndInput): Promise<Row | undefined> => {
      const row = await end(input);
      const { ticket_id, ...run } = input.run;
      if (!row) await write(() => ends.addLateUsage.execute({ ...run, ticketId: ticket_id }));
      return row;
    };
  };
  const complete = createEnd(async (values) => {
    const stored = await ends.complete.execute(values);
    return stored.map((result) => ({ ticketId: result.ticket_id, result }));
  });
  const fail = createEnd((values) => ends.fail.execute(values));
  const release = createEnd((values) => ends.release.execute(values));

  /** Once per process: it reads every ticket in processing, which are as many as the queue is long. */
  async function restoreOrphans(): Promise<void> {
    if (hasRestoredOrphans) return;
    if ((await heartbeat.findOrphan.execute()).length > 0) await write(() => heartbeat.restoreOrphans.execute());
    hasRestoredOrphans = true;
  }

  const getRunState = createBatcher(
    async (batch: { ticketId: number; number: number }[]): Promise<RunState[]> => {
      const rows = await reads.findStates.execute({
        ticketIds: batch.map(({ ticketId }) => ticketId),
        numbers: batch.map(({ number }) => number),
      });
      return rows.map(({ result, awaited, newest }): RunState => {
        if (result) return { state: 'stored', result };
        const isQueued = newest?.status === 'queued';
        // A queued run may be the retry of the one that was waited for.
        const isOver = isQueued || newest?.number === awaited?.number;
        if (isOver && awaited?.status === 'failed') return { state: 'failed', failure: fromColumns(awaited) };
        if (isQueued) return { state: 'queued' };
        return newest?.isLeased ? { state: 'running', run: newest.number } : { state: 'released' };
      });
    },
    { maxSize: MAX_POLLED_RUNS, pauseMs: POLL_PAUSE_MS },
  );

  return {
    async findCachedResult(ticketId) {
      const [result] = await reads.findCachedResult.execute({ ticketId });
      return result;
    },

    claimRun: (ticketId, options) => untilDecided(() => tryToClaim(ticketId, options)),

    async isBudgetExhausted(dailyBudgetUsd) {
      const [budget] = await reads.isBudgetExhausted.execute({ dailyBudgetUsd });
      return budget?.isExhausted ?? false;
    },

    async renewLeases(ticketIds) {
      if (ticketIds.length === 0) return [];
      const renewed = await write(() => heartbeat.renew.execute({ ticketIds }));
      const owned = renewed.map(({ ticketId }) => ticketId);
      // Another process may have recovered a run whose lease had expired.
      await write(() => heartbeat.markRenewed.execute({ ticketIds: owned }));
      return owned;
    },

    async completeRun(number, result, usage) {
      const stored = await complete({
        run: { ticket_id: result.ticket_id, number, ...usage },
        result,
        folded_summary: fold(result.summary),
        rounded_latency_ms: roundLatency(result.latency_ms ?? -1),
      });
      return stored?.result;
    },

    async failRun(ticketId, number, failure, usage, nextRun) {
      const run = { ticket_id: ticketId, number, ...usage, ...toColumns(failure) };
      const ended = await fail({ run, next_background_run: nextRun?.backgroundRun, next_delay_ms: nextRun?.delayMs });
      return ended !== undefined;
    },

    async releaseRun(ticketId, number, usage) {
      return (await release({ run: { ticket_id: ticketId, number, ...usage } })) !== undefined;
    },

    getRunState: (ticketId, number) => getRunState({ ticketId, number }),

    async recoverExpiredRuns() {
      await restoreOrphans();
      if (wasInterruptedWithin(leaseMs / 4)) return; // perhaps owners could not renew their leases either
      if ((await heartbeat.findExpired.execute()).length === 0) return;
      await write(() => heartbeat.recoverExpired.execute());
    },

    async listRuns(ticketId, { limit, before = Number.MAX_SAFE_INTEGER }) {
      const rows = await reads.list.execute({ ticketId, limit, before });
      if (rows.length > 0) return rows;
      const [ticket] = await reads.findTicket.execute({ ticketId });
      return ticket && [];
    },

    async findRun(ticketId, number) {
      const [run] = await reads.findRun.execute({ ticketId, number });
      return run;
    },
  };
}
