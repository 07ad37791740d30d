import { setTimeout as sleep } from 'node:timers/promises';
import type { BaseLogger } from 'pino';
import { AppError, hasCode } from '../errors.ts';
import type { Attempt, LlmClient } from '../llm/client.ts';
import { llmError } from '../llm/errors.ts';
import type { Prompt } from '../llm/prompts.ts';
import type { Result, TokenUsage } from '../schemas/result.ts';
import type { RunFailure, RunRepository } from '../storage/types.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';
import type { ActiveRuns } from './heartbeat.ts';

export type RunLog = Pick<BaseLogger, 'info' | 'warn' | 'error'>;

export interface RunExecutorOptions {
  runs: Pick<RunRepository, 'completeRun' | 'failRun' | 'releaseRun'>;
  llm: LlmClient;
  prompt: Prompt;
  limiter: Pick<ConcurrencyLimiter, 'run'>;
  activeRuns: ActiveRuns;
  /** Limit for a whole run: queueing, all attempts, and storing the result. */
  timeoutMs: number;
  /** Aborted when the shutdown's grace period is over. */
  shutdown: AbortSignal;
}

export interface ClaimedRun {
  ticketId: number;
  /** The run's number. */
  run: number;
  /** The ticket's text. */
  text: string;
}

/** How often a finished result is offered again while the storage is unavailable. */
const STORAGE_RETRY_MS = 500;

/**
 * Executes a claimed run and ends it in the storage: completed, failed, or released when the server shuts down.
 *
 * @returns a function that resolves with the stored result, or undefined if the lease was lost and another process decides.
 * @throws AppError with the run's failure.
 */
export function createRunExecutor(options: RunExecutorOptions) {
  const { runs, llm, prompt, limiter, activeRuns, timeoutMs, shutdown } = options;

  return async function executeRun({ ticketId, run, text }: ClaimedRun, log: RunLog): Promise<Result | undefined> {
    const controller = new AbortController();
    const { signal } = controller;
    activeRuns.set(ticketId, controller);
    const timer = setTimeout(() => controller.abort(llmError('llm_timeout')), timeoutMs);
    const deadline = performance.now() + timeoutMs;
    const outcome = createOutcomeLog(log, { ticketId, run });
    try {
      if (shutdown.aborted) controller.abort(shutdown.reason);
      const request = { instructions: prompt.system, text, signal, deadline, onAttempt: outcome.addAttempt };
      const completion = await limiter.run(signal, () => llm.complete(request));
      const result = { ...completion, ticket_id: ticketId, prompt_version: prompt.version };
      const stored = await retryWhileStorageUnavailable(() => runs.completeRun(run, result), signal);
      outcome.log(stored ? 'succeeded' : 'lease_lost', completion.openai_request_id);
      return stored;
    } catch (thrown) {
      const error = shutdown.aborted ? shutdown.reason : thrown;
      const end = shutdown.aborted ? runs.releaseRun(ticketId, run) : runs.failRun(ticketId, run, toRunFailure(error));
      const wasOwner = await end.catch((err) => {
        log.error({ err, ticketId, run }, 'a failed run could not be ended'); // until its lease expires
        return true;
      });
      if (!wasOwner) {
        outcome.log('lease_lost');
        return undefined;
      }
      outcome.logFailure(error);
      throw error;
    } finally {
      clearTimeout(timer);
      if (activeRuns.get(ticketId) === controller) activeRuns.delete(ticketId);
    }
  };
}

/** Keeps a result that has been paid for until it is stored or the run's time is up. */
async function retryWhileStorageUnavailable<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!hasCode(error, 'storage_unavailable')) throw error;
      await sleep(STORAGE_RETRY_MS, undefined, { signal }).catch(() => Promise.reject(error));
    }
  }
}

function toRunFailure(error: unknown): RunFailure {
  if (!(error instanceof AppError)) return { code: 'internal_error', message: 'internal error' };
  const { code, message, openai_request_id, retryAfterMs } = error;
  return { code, message, openai_request_id, retryAfterMs };
}

/** Collects what a run's one log line reports. Tokens are sums over all attempts whose usage is known. */
function createOutcomeLog(log: RunLog, run: { ticketId: number; run: number }) {
  const start = performance.now();
  const tokens: Partial<TokenUsage> = {};
  const waitsMs: number[] = [];
  let attempts = 0;
  const fields = (outcome: string) => ({
    ...run,
    outcome,
    ms: Math.round(performance.now() - start),
    attempts,
    waitsMs,
    ...tokens,
  });
  return {
    addAttempt({ usage, waitMs }: Attempt) {
      attempts += 1;
      if (waitMs !== undefined) waitsMs.push(waitMs);
      for (const name of TOKEN_FIELDS) {
        const count = usage[name];
        if (count !== null) tokens[name] = (tokens[name] ?? 0) + count;
      }
    },
    log(outcome: 'succeeded' | 'lease_lost', openai_request_id?: string | null) {
      log[outcome === 'succeeded' ? 'info' : 'warn']({ ...fields(outcome), openai_request_id }, 'run');
    },
    logFailure(error: unknown) {
      if (!(error instanceof AppError)) return log.error({ ...fields('internal_error'), err: error }, 'run');
      const { code, openai_request_id, retryAfterMs, details } = error;
      const { usage: _, ...reasons } = details;
      log.warn({ ...fields(code), openai_request_id, retryAfterMs, ...reasons }, 'run');
    },
  };
}

const TOKEN_FIELDS = ['input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens'] as const;
