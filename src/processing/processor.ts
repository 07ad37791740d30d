import { setTimeout as sleep } from 'node:timers/promises';
import type { BaseLogger } from 'pino';
import type { RunRepository } from '../db/runs.ts';
import { AppError } from '../errors.ts';
import { llmError } from '../llm/llm-error.ts';
import type { Model } from '../llm/model.ts';
import type { Prompt } from '../llm/prompts.ts';
import type { Result } from '../schemas/result.ts';
import { fromFailure, toFailure } from './failure.ts';
import type { Line } from './line.ts';

export interface ProcessorOptions {
  runs: RunRepository;
  model: Model;
  prompt: Prompt;
  line: Line;
  /** How long a run may take, with all attempts and the wait for its turn, in ms. */
  timeoutMs: number;
  log: Pick<BaseLogger, 'error'>;
}

export interface Processor {
  /**
   * The ticket's result: the stored one, or a new one where there is none or `force` asks for one. Requests that come
   * while a run is under way, in this process or another, share it. A run goes on when those who wait for it are gone.
   *
   * @throws AppError `ticket_not_found`, `overloaded`, `shutting_down` or one of the `llm_…` codes; an older result is
   *   untouched then.
   */
  process(ticketId: number, options: { force: boolean }): Promise<Result>;
  /** Tells the other processes that the runs of this one go on, and settles those of processes that are gone. */
  beat(): Promise<void>;
  /** Starts no more runs, gives those under way up after `graceMs`, and resolves when none is left. */
  stop(graceMs: number): Promise<void>;
}

/** How often a run in another process is looked at, in ms. */
const POLL_MS = 50;

export function createProcessor({ runs, model, prompt, line, timeoutMs, log }: ProcessorOptions): Processor {
  const underWay = new Map<number, Promise<Result>>();
  const givenUp = new AbortController();
  let stopping = false;

  async function obtain(ticketId: number, force: boolean): Promise<Result> {
    for (;;) {
      const result = (await startRun(ticketId, force)) ?? (await follow(ticketId));
      if (result) return result;
    }
  }

  /** The result of a run of our own, if no other process has one under way. */
  async function startRun(ticketId: number, force: boolean): Promise<Result | undefined> {
    if (stopping) throw shuttingDown();
    const leave = line.enter();
    try {
      const start = await runs.start(ticketId, { force });
      if (!start) throw new AppError('ticket_not_found', 'ticket not found');
      if (start.state === 'running') return undefined;
      return start.state === 'stored' ? start.result : await run(ticketId, start.text);
    } finally {
      leave();
    }
  }

  /** One run, from the start on; undefined if this process stood still for so long that another took it over. */
  async function run(ticketId: number, text: string): Promise<Result | undefined> {
    const timeUp = new AbortController();
    const timer = setTimeout(() => timeUp.abort(llmError('llm_timeout')), timeoutMs);
    const signal = AbortSignal.any([timeUp.signal, givenUp.signal]);
    const request = { instructions: prompt.system, text, signal, deadline: performance.now() + timeoutMs };
    try {
      const answer = await line.turn(signal, () => model.answer(request));
      return await runs.finish({ ...answer, ticket_id: ticketId, prompt_version: prompt.version });
    } catch (error) {
      const failure = givenUp.signal.aborted ? undefined : toFailure(error);
      await runs
        .fail(ticketId, failure)
        .catch((err) => log.error({ err, ticketId }, 'a failed run could not be ended'));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What comes of a run in another process; undefined if that gave it up or is gone. */
  async function follow(ticketId: number): Promise<Result | undefined> {
    for (;;) {
      const outcome = await runs.outcome(ticketId);
      if (outcome.state === 'stored') return outcome.result;
      if (outcome.state === 'failed') throw fromFailure(outcome.failure);
      if (outcome.state === 'free') return undefined;
      await sleep(POLL_MS, undefined, { signal: givenUp.signal }).catch(() => givenUp.signal.throwIfAborted());
    }
  }

  return {
    async process(ticketId, { force }) {
      const stored = force || underWay.has(ticketId) ? undefined : await runs.reusable(ticketId);
      if (stored) return stored;
      const joined = underWay.get(ticketId);
      if (joined) return joined;
      const result = obtain(ticketId, force).finally(() => underWay.delete(ticketId));
      underWay.set(ticketId, result);
      return result;
    },

    async beat() {
      try {
        await runs.renew([...underWay.keys()]);
        await runs.settleAbandoned();
      } catch (err) {
        log.error({ err }, 'the runs of this process could not be renewed');
      }
    },

    async stop(graceMs) {
      stopping = true;
      const timer = setTimeout(() => givenUp.abort(shuttingDown()), graceMs);
      while (underWay.size > 0) await Promise.allSettled(underWay.values());
      clearTimeout(timer);
    },
  };
}

const shuttingDown = () => new AppError('shutting_down', 'the server is shutting down');
