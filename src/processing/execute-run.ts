import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, hasCode } from '../errors.ts';
import type { Attempt, LlmClient } from '../llm/client.ts';
import { llmError } from '../llm/errors.ts';
import type { CostOf } from '../llm/prices.ts';
import type { Prompt } from '../llm/prompts.ts';
import type { Result } from '../schemas/result.ts';
import type { ClaimedRun, RunFailure, RunRepository } from '../storage/types.ts';
import type { createBackgroundRetry } from './background-retry.ts';
import { type BudgetOptions, createBudgetGuard } from './budget.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';
import type { ActiveRuns } from './heartbeat.ts';
import { createRunLog, type RequestLog } from './run-log.ts';
import { createRunTally } from './run-tally.ts';

export interface RunExecutorOptions extends BudgetOptions {
  runs: BudgetOptions['runs'] & Pick<RunRepository, 'completeRun' | 'failRun' | 'findRun' | 'releaseRun'>;
  llm: LlmClient;
  prompt: Prompt;
  costOf: CostOf;
  limiter: Pick<ConcurrencyLimiter, 'run'>;
  activeRuns: ActiveRuns;
  /** Limit for a whole run: queueing, all attempts, and storing the result. */
  timeoutMs: number;
  backgroundRetry: ReturnType<typeof createBackgroundRetry>;
  /** Aborted when the shutdown's grace period is over. */
  shutdown: AbortSignal;
}

/** How often the outcome of a run is offered again while the storage is unavailable. */
const STORAGE_RETRY_MS = 500;

/**
 * Executes a claimed run and ends it in the storage: completed, failed, or released when the server shuts down.
 *
 * @returns a function that resolves with the stored result, or undefined if the lease was lost and another process
 *   decides. It rejects with the run's failure, an AppError.
 */
export function createRunExecutor(options: RunExecutorOptions) {
  const { runs, llm, prompt, costOf, limiter, activeRuns, timeoutMs, backgroundRetry, shutdown } = options;
  const { openTallies, assertBudget } = createBudgetGuard(options);

  /** A write that failed because its connection broke may have been committed. The next one then finds the run ended. */
  async function hasEnded(status: 'succeeded' | 'failed', ticketId: number, number: number): Promise<boolean> {
    const run = await runs.findRun(ticketId, number).catch(() => undefined);
    return run?.status === status;
  }

  return async function executeRun(
    claimed: ClaimedRun,
    log: RequestLog,
    onAnswer?: () => void,
  ): Promise<Result | undefined> {
    const { text, ...identity } = claimed;
    const { ticketId, run, backgroundRun = 1 } = identity;
    const controller = new AbortController();
    const { signal } = controller;
    activeRuns.set(ticketId, controller);
    const timer = setTimeout(() => controller.abort(llmError('llm_timeout')), timeoutMs);
    const deadline = performance.now() + timeoutMs;
    const tally = createRunTally(costOf);
    const runLog = createRunLog(log, identity, tally);
    const keepTrying = <T>(write: () => Promise<T>) =>
      retryWhileStorageUnavailable(write, signal, () => {
        log.warn({ ticketId, run }, 'the outcome of a run waits for the database');
      });
    try {
      if (shutdown.aborted) controller.abort(shutdown.reason);
      const onAttempt = (attempt: Attempt) => {
        tally.add(attempt);
        openTallies.add(tally);
      };
      const request = { instructions: prompt.system, text, signal, deadline, beforeAttempt: assertBudget, onAttempt };
      const completion = await limiter.run(signal, () => llm.complete(request));
      onAnswer?.();
      const { cutFields: _, ...fields } = completion; // for the log only
      const result = { ...fields, ticket_id: ticketId, prompt_version: prompt.version };
      const usage = await tally.usage();
      const stored = await keepTrying(() => runs.completeRun(run, result, usage));
      const isStored = stored !== undefined || (await hasEnded('succeeded', ticketId, run));
      runLog.logEnd(isStored ? 'succeeded' : 'lease_lost', usage, completion.openai_request_id);
      return stored;
    } catch (thrown) {
      const error = toAppError(shutdown.aborted ? shutdown.reason : thrown);
      const usage = await tally.usage();
      const isReleased = shutdown.aborted;
      const endRun = () =>
        isReleased
          ? runs.releaseRun(ticketId, run, usage)
          : runs.failRun(ticketId, run, toRunFailure(error), usage, backgroundRetry(error, backgroundRun));
      // A run without a call has cost nothing: its client need not wait for the storage.
      const ended = usage.attempts > 0 ? keepTrying(endRun) : endRun();
      const wasOwner = await ended.catch((err) => {
        log.error({ err, ticketId, run }, 'a failed run could not be ended'); // until its lease expires
        return true;
      });
      if (!wasOwner && !(await hasEnded('failed', ticketId, run))) {
        runLog.logEnd('lease_lost', usage);
        return undefined;
      }
      runLog.logFailure(error, usage);
      throw error;
    } finally {
      clearTimeout(timer);
      openTallies.delete(tally);
      if (activeRuns.get(ticketId) === controller) activeRuns.delete(ticketId);
    }
  };
}

/** Keeps the outcome of a run that has been paid for until it is stored. The last try is made when the signal aborts. */
async function retryWhileStorageUnavailable<T>(
  write: () => Promise<T>,
  signal: AbortSignal,
  onFirstFailure: () => void,
): Promise<T> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await write();
    } catch (error) {
      if (!hasCode(error, 'storage_unavailable') || error.details.isPermanent || signal.aborted) throw error;
      if (isFirst) onFirstFailure();
      await sleep(STORAGE_RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}

const toAppError = (error: unknown): AppError =>
  error instanceof AppError ? error : new AppError('internal_error', 'internal error', { cause: error });

const toRunFailure = ({ code, message, openai_request_id, retryAfterMs }: AppError): RunFailure => ({
  code,
  message,
  openai_request_id,
  retryAfterMs,
});
