import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { Result } from '../schemas/result.ts';
import type { Run } from '../schemas/run.ts';
import type { QueueRepository, RunRepository } from '../storage/types.ts';
import type { Queue } from './queue.ts';
import { toError } from './remote-run.ts';

/** How often a client that waits looks for its run. */
const POLL_MS = 200;

export interface EnqueueOptions {
  /** Queue a run although a result is stored. */
  force: boolean;
  /** How long to wait for the result. */
  waitMs: number;
}

/** Either the ticket's result or its newest run, which is queued or under way. */
export type Enqueued = { result: Result } | { run: Run };

export interface EnqueuerOptions {
  runs: Pick<RunRepository, 'getRunState' | 'listRuns'>;
  queuedRuns: Pick<QueueRepository, 'enqueueRun'>;
  queue: Pick<Queue, 'wake'>;
  /** Upper limit for `waitMs`. */
  maxWaitMs: number;
  /** Ends the waits. */
  shutdown: AbortSignal;
}

export type Enqueue = (ticketId: number, options: EnqueueOptions) => Promise<Enqueued>;

/**
 * Returns a function that queues a run of a ticket and waits a while for its result.
 *
 * @throws AppError `ticket_not_found`, or the failure of the run if it ends during the wait and is not tried again
 */
export function createEnqueuer({ runs, queuedRuns, queue, maxWaitMs, shutdown }: EnqueuerOptions): Enqueue {
  return async (ticketId, { force, waitMs }) => {
    const enqueued = await queuedRuns.enqueueRun(ticketId, { force });
    if (enqueued.state === 'ticket_not_found') throw new AppError('ticket_not_found', 'ticket not found');
    if (enqueued.state === 'stored') return { result: enqueued.result };
    queue.wake();
    return waitMs > 0 ? waitForResult(enqueued.run, waitMs) : { run: enqueued.run };
  };

  async function waitForResult({ ticket_id: ticketId, number }: Run, waitMs: number): Promise<Enqueued> {
    const signal = AbortSignal.any([shutdown, AbortSignal.timeout(Math.min(waitMs, maxWaitMs))]);
    for (;;) {
      const state = await runs.getRunState(ticketId, number);
      if (state.state === 'stored') return { result: state.result };
      if (state.state === 'failed' || state.state === 'released' || signal.aborted) {
        const run = (await runs.listRuns(ticketId, { limit: 1 }))?.[0];
        if (!run) throw new AppError('ticket_not_found', 'ticket not found'); // deleted meanwhile
        if (state.state === 'failed' && run.number === number) throw toError(state.failure);
        return { run };
      }
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    }
  }
}
