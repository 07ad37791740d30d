import { randomUUID } from 'node:crypto';
import type { RunRepository, RunState } from '../types.ts';
import type { Availability } from './availability.ts';
import { createBatcher } from './batcher.ts';
import type { Connections } from './connections.ts';
import { createRunClaims } from './run-claims.ts';
import { createRunConditions } from './run-conditions.ts';
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
  leaseMs: number;
}

export function createRunRepository(
  connections: Connections,
  { writer, availability, leaseMs }: RunRepositoryOptions,
): RunRepository {
  const { write } = writer;
  /** Distinguishes this process from all others on the database. */
  const conditions = createRunConditions(randomUUID(), leaseMs);
  const reads = prepareRunReads(connections.reads, conditions);
  const heartbeat = prepareHeartbeat(connections, conditions);

  const getRunState = createBatcher(
    async (batch: { ticketId: number; number: number }[]): Promise<RunState[]> => {
      const rows = await reads.findStates.execute({
        ticketIds: batch.map(({ ticketId }) => ticketId),
        numbers: batch.map(({ number }) => number),
      });
      return rows.map(({ result, isLeased, ...newest }, index): RunState => {
        if (result) return { state: 'stored', result };
        const isAwaited = newest.number === batch[index]?.number;
        if (isAwaited && newest.status === 'failed') return { state: 'failed', failure: fromColumns(newest) };
        return isLeased && newest.number !== null ? { state: 'running', run: newest.number } : { state: 'released' };
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
      const [found] = await heartbeat.findExpired.execute();
      if (!found?.isAny) return;
      await write(() => heartbeat.abandonExpired.execute());
      await write(() => heartbeat.restoreWithoutRun.execute());
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
