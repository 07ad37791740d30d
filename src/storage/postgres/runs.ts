import type { RunRepository, RunState } from '../types.ts';
import type { Availability } from './availability.ts';
import { createBatcher } from './batcher.ts';
import type { Connections } from './connections.ts';
import { createRunClaims } from './run-claims.ts';
import type { RunConditions } from './run-conditions.ts';
import { createRunEnds } from './run-ends.ts';
import { fromColumns } from './run-failure.ts';
import { prepareHeartbeat } from './run-heartbeat.ts';
import { prepareRunReads } from './run-reads.ts';
import type { Writer } from './writer.ts';

/** Runs of other processes are polled by one statement for all, with this pause between two. */
const POLL_PAUSE_MS = 100;
const MAX_POLLED_RUNS = 1000;

export interface RunRepositoryOptions {
  writer: Pick<Writer, 'write'>;
  availability: Pick<Availability, 'wasInterruptedWithin'>;
  conditions: RunConditions;
  leaseMs: number;
}

export function createRunRepository(
  connections: Connections,
  { writer, availability, conditions, leaseMs }: RunRepositoryOptions,
): RunRepository {
  const { write } = writer;
  const reads = prepareRunReads(connections.reads, conditions);
  const heartbeat = prepareHeartbeat(connections, conditions);
  let hasRestoredOrphans = false;

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
    ...createRunClaims(connections, { conditions, reads, writer, availability, leaseMs }),
    ...createRunEnds(connections, { conditions, writer }),

    async findCachedResult(ticketId) {
      const [result] = await reads.findCachedResult.execute({ ticketId });
      return result;
    },

    async isBudgetExhausted(dailyBudgetUsd) {
      const [budget] = await reads.isBudgetExhausted.execute({ dailyBudgetUsd });
      return budget?.isExhausted ?? false;
    },

    async renewLeases(ticketIds) {
      if (ticketIds.length === 0) return [];
      const renewed = await write(() => heartbeat.renew.execute({ ticketIds }));
      return renewed.map(({ ticketId }) => ticketId);
    },

    getRunState: (ticketId, number) => getRunState({ ticketId, number }),

    async recoverExpiredRuns() {
      await restoreOrphans();
      // Perhaps owners could not renew their leases either.
      if (availability.wasInterruptedWithin(leaseMs / 4)) return;
      if ((await heartbeat.findExpired.execute()).length > 0) await write(() => heartbeat.recoverExpired.execute());
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
