import { AppError } from '../errors.ts';
import type { ClaimedRun } from '../storage/types.ts';
import { pausesQueue } from './background-retry.ts';
import { budgetExhausted } from './budget.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';
import { createFailureLog } from './failure-log.ts';
import { createPoller, type Poller } from './poller.ts';
import type { Processor } from './processor.ts';
import { createQueuePause } from './queue-pause.ts';
import type { RequestLog } from './run-log.ts';

/** How often an idle queue looks for runs that other processes have queued, and for retries that are due. */
const POLL_MS = 250;

export interface QueueOptions {
  processor: Pick<Processor, 'claimQueuedRuns' | 'executeQueuedRun'>;
  limiter: Pick<ConcurrencyLimiter, 'freeSlots'>;
  /** Background runs that this process executes at once; 0: none. */
  concurrency: number;
  log: RequestLog;
}

/**
 * Executes queued runs in the slots that requests leave free. `wake` looks for queued runs at once. Runs that are under
 * way at `stop` go on.
 */
export interface Queue extends Poller {
  stats(): { active: number; isPaused: boolean };
}

export function createQueue({ processor, limiter, concurrency, log }: QueueOptions): Queue {
  const pause = createQueuePause();
  /** Runs whose model has not answered yet, and failed ones until their failure is stored. */
  let active = 0;
  /** Those, and the runs whose result is being stored. */
  let unfinished = 0;
  const logFailure = createFailureLog(log, 'queued runs could not be claimed');
  const poller = createPoller(async () => {
    await startRuns().catch(logFailure);
    return POLL_MS;
  });

  async function startRuns(): Promise<void> {
    if (pause.isPaused()) return;
    const slots = pause.isProbing() ? 1 : concurrency;
    // While the database cannot store results, no more calls are paid for.
    const limit = Math.min(slots - active, 2 * slots - unfinished, limiter.freeSlots());
    if (limit <= 0) return;
    const claim = await processor.claimQueuedRuns(limit);
    if (claim.state === 'budget_exhausted') return beginPause(budgetExhausted());
    for (const claimed of claim.runs) void execute(claimed);
  }

  async function execute(claimed: ClaimedRun): Promise<void> {
    const startedAt = performance.now();
    active += 1;
    unfinished += 1;
    const freeSlot = once(() => {
      active -= 1;
      poller.wake();
    });
    try {
      // The next run is claimed while the answer is stored; otherwise all slots would wait for the same commits.
      await processor.executeQueuedRun(claimed, freeSlot);
      endPause(startedAt);
    } catch (error) {
      // The run has logged and stored its failure.
      if (error instanceof AppError && pausesQueue(error)) beginPause(error, startedAt);
      else endPause(startedAt);
    } finally {
      unfinished -= 1;
      freeSlot();
      poller.wake();
    }
  }

  function beginPause(error: AppError, startedAt?: number): void {
    const pauseMs = pause.begin(error, startedAt);
    if (pauseMs !== undefined) log.warn({ code: error.code, pauseMs }, 'queue paused');
  }

  function endPause(startedAt: number): void {
    if (pause.end(startedAt)) log.info('queue resumed');
  }

  return {
    ...poller,
    start() {
      if (concurrency > 0) poller.start();
    },
    stats: () => ({ active: unfinished, isPaused: pause.isPaused() }),
  };
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}
