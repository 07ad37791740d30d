import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, hasCode } from '../errors.ts';
import type { LlmClient } from '../llm/client.ts';
import type { CostOf } from '../llm/prices.ts';
import type { Prompt } from '../llm/prompts.ts';
import type { Result } from '../schemas/result.ts';
import type { ClaimedRun, ClaimResult, QueueClaimResult, QueueRepository, RunRepository } from '../storage/types.ts';
import { type BackgroundRetryOptions, createBackgroundRetry } from './background-retry.ts';
import { type BudgetOptions, budgetExhausted } from './budget.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';
import { createRunExecutor } from './execute-run.ts';
import { type ActiveRuns, createHeartbeat } from './heartbeat.ts';
import { POLL_MS, waitForRemoteRun } from './remote-run.ts';
import type { RequestLog } from './run-log.ts';
import { createSingleFlight, type InFlight } from './single-flight.ts';

export interface ProcessorOptions extends BudgetOptions {
  runs: RunRepository;
  queuedRuns: Pick<QueueRepository, 'claimQueuedRuns'>;
  llm: LlmClient;
  prompt: Prompt;
  provider: string;
  /** The configured model. */
  model: string;
  costOf: CostOf;
  limiter: ConcurrencyLimiter;
  /** Limit for a whole run. */
  timeoutMs: number;
  /** How background runs are repeated. */
  background: BackgroundRetryOptions;
  /** For lines that belong to no request. */
  log: RequestLog;
}

export interface ProcessOptions {
  /** Make a new result although one is stored. */
  force: boolean;
  /** The log of the request; the line of a run that it starts goes there. */
  log: RequestLog;
}

export interface Processor {
  /**
   * The ticket's result: the stored one, or a new one where there is none or `force` is set. Requests that arrive while
   * a run is under way, in this process or another, share it. A run continues when all its clients have disconnected.
   *
   * @throws AppError `ticket_not_found`, `overloaded`, `budget_exhausted`, `shutting_down`, `storage_unavailable`,
   *   `internal_error` or one of the `llm_…` codes; an older result stays as it is.
   */
  process(ticketId: number, options: ProcessOptions): Promise<Result>;
  /** Claims the oldest queued runs; each must be executed. */
  claimQueuedRuns(limit: number): Promise<QueueClaimResult>;
  /**
   * Executes a claimed background run, which requests for its ticket join. Rejects with its failure.
   *
   * @param onAnswer called when the model has answered and the result is yet to be stored
   */
  executeQueuedRun(claimed: ClaimedRun, onAnswer: () => void): Promise<void>;
  /** To be called a few times per lease. */
  heartbeat(): Promise<void>;
  /** Starts no more runs, releases those still active after `graceMs`, and resolves when none is left. */
  drain(graceMs: number): Promise<void>;
  /** Since the start: requests that shared a run, and runs claimed after another process had lost its lease. */
  stats(): { coalesced: number; reclaimed: number };
}

export function createProcessor(options: ProcessorOptions): Processor {
  const { runs, queuedRuns, prompt, provider, model, dailyBudgetUsd, limiter, timeoutMs, log } = options;
  const origin = { prompt_version: prompt.version, provider, model };
  const activeRuns: ActiveRuns = new Map();
  const singleFlight = createSingleFlight();
  const shutdown = new AbortController();
  const executeRun = createRunExecutor({
    ...options,
    activeRuns,
    backgroundRetry: createBackgroundRetry(options.background),
    shutdown: shutdown.signal,
  });
  const stats = { coalesced: 0, reclaimed: 0 };
  let isDraining = false;

  /** Claims and executes a run, or waits for the one that another process has claimed, until there is a result. */
  async function resolveResult(
    ticketId: number,
    options: ProcessOptions,
    flight: Pick<InFlight, 'isNew'>,
  ): Promise<Result> {
    const deadline = performance.now() + timeoutMs;
    for (let remoteRun: number | undefined; ; ) {
      flight.isNew = options.force;
      const awaitedRun = performance.now() < deadline ? remoteRun : undefined;
      const claim = await claimAndExecute(ticketId, options, { flight, awaitedRun });
      switch (claim.state) {
        case 'ticket_not_found':
          throw new AppError('ticket_not_found', 'ticket not found');
        case 'unclaimed':
          throw new AppError('overloaded', 'too many tickets wait to be processed');
        case 'budget_exhausted':
          throw budgetExhausted();
        case 'stored':
          return claim.result;
        case 'running': {
          if (remoteRun === undefined) stats.coalesced += 1;
          remoteRun = claim.run;
          flight.isNew = false;
          const result = await waitForRemoteRun(runs, { ticketId, run: claim.run, signal: shutdown.signal });
          if (result) return result;
          await sleep(POLL_MS); // its owner may have been blocked and about to renew its lease
          break;
        }
        default:
          claim satisfies never;
      }
    }
  }

  /**
   * Claims a run and executes it to its end, if there is a slot and none is under way.
   *
   * @param awaitedRun the run that was waited for until now: it counts as running if the storage is too busy for a claim
   */
  async function claimAndExecute(
    ticketId: number,
    { force, log }: ProcessOptions,
    { flight, awaitedRun }: { flight: Pick<InFlight, 'isNew'>; awaitedRun: number | undefined },
  ): Promise<Exclude<ClaimResult, { state: 'claimed' }>> {
    if (isDraining) throw shuttingDown();
    const release = limiter.tryAcquire();
    try {
      const claiming = runs.claimRun(ticketId, { force, claim: release !== undefined, origin, dailyBudgetUsd });
      const claim = await claiming.catch((error) => {
        if (awaitedRun === undefined || !hasCode(error, 'storage_unavailable')) throw error;
        return { state: 'running' as const, run: awaitedRun };
      });
      if (claim.state !== 'claimed') return claim;
      flight.isNew = true;
      const { run, text, backgroundRun, wasReclaimed } = claim;
      if (wasReclaimed) stats.reclaimed += 1;
      const result = await executeRun({ ticketId, run, text, backgroundRun }, log);
      return result ? { state: 'stored', result } : { state: 'running', run };
    } finally {
      release?.();
    }
  }

  async function process(ticketId: number, options: ProcessOptions): Promise<Result> {
    if (!options.force && !singleFlight.has(ticketId)) {
      const cached = await runs.findCachedResult(ticketId);
      if (cached) return cached;
    }
    const joined = singleFlight.find(ticketId, options);
    if (joined) {
      stats.coalesced += 1;
      return (await joined) ?? process(ticketId, options); // a background run has lost its lease
    }
    return singleFlight.start(ticketId, (flight) => resolveResult(ticketId, options, flight));
  }

  return {
    process,
    heartbeat: createHeartbeat({ runs, activeRuns, log }),
    stats: () => stats,

    claimQueuedRuns: (limit) => queuedRuns.claimQueuedRuns({ limit, origin, dailyBudgetUsd }),

    async executeQueuedRun(claimed, onAnswer) {
      await singleFlight.start(claimed.ticketId, () => executeRun(claimed, log, onAnswer));
    },

    async drain(graceMs) {
      isDraining = true;
      const timer = setTimeout(() => {
        shutdown.abort(shuttingDown());
        for (const controller of activeRuns.values()) controller.abort(shutdown.signal.reason);
      }, graceMs);
      await singleFlight.whenIdle();
      clearTimeout(timer);
    },
  };
}

const shuttingDown = () => new AppError('shutting_down', 'the server is shutting down');
