import type { ClaimedRun, EnqueueResult, QueueRepository } from '../types.ts';
import type { Connections } from './connections.ts';
import { prepareQueueStatements } from './queue-statements.ts';
import { createRunBatcher } from './run-batcher.ts';
import type { RunConditions } from './run-conditions.ts';
import { prepareRunReads } from './run-reads.ts';
import { untilDecided } from './until-decided.ts';
import type { Writer } from './writer.ts';

export interface QueueRepositoryOptions {
  writer: Pick<Writer, 'write'>;
  conditions: RunConditions;
}

export function createQueueRepository(
  connections: Connections,
  { writer, conditions }: QueueRepositoryOptions,
): QueueRepository {
  const statements = prepareQueueStatements(connections, conditions);
  const reads = prepareRunReads(connections.reads, conditions);

  const enqueue = createRunBatcher(writer, (batch: { ticket_id: number; force: boolean }[]) =>
    statements.enqueue.execute({ input: JSON.stringify(batch) }),
  );

  async function tryToEnqueue(ticketId: number, force: boolean): Promise<EnqueueResult | undefined> {
    const row = await enqueue({ ticket_id: ticketId, force });
    if (!row) return { state: 'ticket_not_found' };
    if (row.hasResult) {
      const [result] = await reads.findResult.execute({ ticketId });
      return result && { state: 'stored', result };
    }
    if (row.run === null) return undefined;
    const [run] = await reads.findRun.execute({ ticketId, number: row.run });
    return run && { state: 'queued', run };
  }

  return {
    enqueueRun: (ticketId, { force }) => untilDecided(() => tryToEnqueue(ticketId, force)),

    async claimQueuedRuns({ limit, origin, dailyBudgetUsd = null }) {
      // A read costs no commit, and almost always nothing is due.
      if (limit <= 0 || (await statements.findDue.execute()).length === 0) return { state: 'claimed', runs: [] };
      const rows = await writer.write(() => statements.claim.execute({ limit, dailyBudgetUsd, ...origin }));
      if (rows.some(({ isExhausted }) => isExhausted)) return { state: 'budget_exhausted' };
      const runs = rows.flatMap(({ ticketId, run, text, backgroundRun }): ClaimedRun[] =>
        ticketId === null ? [] : [{ ticketId, run, text, backgroundRun }],
      );
      return { state: 'claimed', runs };
    },

    async count() {
      const [row] = await statements.count.execute();
      return row?.count ?? 0;
    },

    async oldestAgeMs() {
      const [row] = await statements.oldestAge.execute();
      return row?.ageMs ?? 0;
    },
  };
}
