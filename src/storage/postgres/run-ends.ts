import type { RunUsage } from '../../schemas/run.ts';
import { fold } from '../fold.ts';
import type { NewResult, NextRun, RunRepository } from '../types.ts';
import { roundLatency } from '../usage-report.ts';
import type { Connections } from './connections.ts';
import { createRunBatcher } from './run-batcher.ts';
import type { RunConditions } from './run-conditions.ts';
import { prepareRunEnds } from './run-end-statements.ts';
import { toColumns } from './run-failure.ts';
import type { Writer } from './writer.ts';

interface End {
  ticket_id: number;
  number: number;
  usage: RunUsage;
  failure?: ReturnType<typeof toColumns>;
  result?: NewResult;
  nextRun?: NextRun | undefined;
}

export function createRunEnds(
  connections: Pick<Connections, 'pool'>,
  { conditions, writer }: { conditions: RunConditions; writer: Pick<Writer, 'write'> },
): Pick<RunRepository, 'completeRun' | 'failRun' | 'releaseRun'> {
  const statements = prepareRunEnds(connections, conditions);

  /** The returned function's value is undefined if the lease was lost: the usage is added to the abandoned run. */
  function createEnd<Row extends { ticketId: number }>(execute: (values: { ends: string }) => Promise<Row[]>) {
    const end = createRunBatcher(writer, (batch: End[]) => execute({ ends: JSON.stringify(batch.map(toInput)) }));
    return async (input: End): Promise<Row | undefined> => {
      const row = await end(input);
      const { ticket_id: ticketId, number, usage } = input;
      if (!row) await writer.write(() => statements.addLateUsage.execute({ ticketId, number, ...usage }));
      return row;
    };
  }

  const complete = createEnd(async (values) => {
    const results = await statements.complete.execute(values);
    return results.map((result) => ({ ticketId: result.ticket_id, result }));
  });
  const fail = createEnd((values) => statements.fail.execute(values));
  const release = createEnd((values) => statements.release.execute(values));

  return {
    async completeRun(number, result, usage) {
      return (await complete({ ticket_id: result.ticket_id, number, usage, result }))?.result;
    },

    async failRun(ticketId, number, failure, usage, nextRun) {
      const row = await fail({ ticket_id: ticketId, number, usage, failure: toColumns(failure), nextRun });
      return row !== undefined;
    },

    async releaseRun(ticketId, number, usage) {
      return (await release({ ticket_id: ticketId, number, usage })) !== undefined;
    },
  };
}

/** An element of the statements' `ends`. */
const toInput = ({ ticket_id, number, usage, failure, result, nextRun }: End) => ({
  run: { ticket_id, number, ...usage, ...failure },
  result,
  folded_summary: fold(result?.summary ?? ''),
  rounded_latency_ms: roundLatency(result?.latency_ms ?? -1),
  next_background_run: nextRun?.backgroundRun,
  next_delay_ms: nextRun?.delayMs,
});
