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
import { whenStorageAllows } from './storage.ts';

export interface ProcessorOptions {
  runs: RunRepository;
  model: Model;
  prompt: Prompt;
  line: Line;
  /** How long a run may take, with all attempts and the wait for its turn, in ms. */
  timeoutMs: number;
  log: Pick<BaseLogger, 'error' | 'info'>;
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
  /** Since the start: requests that shared a run, and runs taken over from processes that were gone. */
  counts(): { joined: number; takenOver: number };
}

/** How often a run in another process is looked at, in ms. */
const POLL_MS = 50;

/** What requests for a ticket wait for: a run of this process, or one of another, which they follow. */
interface Wait {
  follows: boolean;
  result?: Promise<Result>;
}

export function createProcessor({ runs, model, prompt, line, timeoutMs, log }: ProcessorOptions): Processor {
  const waits = new Map<number, Wait>();
  const ownRuns = new Map<number, AbortController>();
  const givenUp = new AbortController();
  let stopping = false;
  const counts = { joined: 0, takenOver: 0 };

  async function obtain(ticketId: number, force: boolean, wait: Wait): Promise<Result> {
    const until = performance.now() + timeoutMs;
    for (let followed: number | undefined; ; ) {
      wait.follows = false;
      const attempt = await startRun(ticketId, force).catch((error) => {
        // What we wait for may come yet, where only the database is locked.
        const isLocked = error instanceof AppError && error.code === 'storage_unavailable';
        if (followed !== undefined && isLocked && performance.now() < until) return followed;
        throw error;
      });
      if (typeof attempt === 'object') return attempt;
      if (followed === undefined) counts.joined += 1;
      followed = attempt;
      wait.follows = true;
      const result = await follow(ticketId, followed);
      if (result) return result;
      await sleep(POLL_MS); // its owner may be alive and about to say so
    }
  }

  /** The result of a run of our own, or the number of the run that another process has under way. */
  async function startRun(ticketId: number, force: boolean): Promise<Result | number> {
    if (stopping) throw shuttingDown();
    const leave = line.enter();
    try {
      const start = await runs.start(ticketId, { force, claim: leave !== undefined });
      if (!start) throw new AppError('ticket_not_found', 'ticket not found');
      if (start.state === 'free') throw new AppError('overloaded', 'too many tickets wait to be processed');
      if (start.state === 'stored') return start.result;
      if (start.state === 'running') return start.run;
      if (start.isTakenOver) counts.takenOver += 1;
      return (await run(ticketId, start.run, start.text)) ?? start.run;
    } finally {
      leave?.();
    }
  }

  /** One run, from the start on; undefined if this process stood still for so long that another took it over. */
  async function run(ticketId: number, number: number, text: string): Promise<Result | undefined> {
    const controller = new AbortController();
    ownRuns.set(ticketId, controller);
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(llmError('llm_timeout')), timeoutMs);
    const start = performance.now();
    const deadline = start + timeoutMs;
    const tell = (outcome: string) =>
      log.info({ ticketId, run: number, outcome, ms: Math.round(performance.now() - start) }, 'run');
    try {
      if (givenUp.signal.aborted) controller.abort(shuttingDown()); // while it was being started
      const request = { instructions: prompt.system, text, signal, deadline };
      const answer = await line.turn(signal, () => model.answer(request));
      const result = { ...answer, ticket_id: ticketId, prompt_version: prompt.version };
      const stored = await whenStorageAllows(() => runs.finish(number, result), signal);
      tell(stored ? 'stored' : 'taken_over');
      return stored;
    } catch (thrown) {
      const isGivenUp = signal.aborted && signal.reason.code === 'shutting_down';
      const error = isGivenUp ? signal.reason : thrown;
      const wasOurs = await runs.fail(ticketId, number, isGivenUp ? undefined : toFailure(error)).catch((err) => {
        log.error({ err, ticketId }, 'a failed run could not be ended');
        return true;
      });
      tell(wasOurs ? toFailure(error).code : 'taken_over');
      if (wasOurs) throw error;
      return undefined;
    } finally {
      clearTimeout(timer);
      if (ownRuns.get(ticketId) === controller) ownRuns.delete(ticketId);
    }
  }

  /** What comes of a run in another process; undefined if that gave it up or is gone. */
  async function follow(ticketId: number, number: number): Promise<Result | undefined> {
    for (let followed = number; ; ) {
      const outcome = await runs.outcome(ticketId, followed);
      if (outcome.state === 'stored') return outcome.result;
      if (outcome.state === 'failed') throw fromFailure(outcome.failure);
      if (outcome.state === 'free') return undefined;
      followed = outcome.run;
      await sleep(POLL_MS, undefined, { signal: givenUp.signal }).catch(() => givenUp.signal.throwIfAborted());
    }
  }

  return {
    counts: () => counts,

    async process(ticketId, { force }) {
      const stored = force || waits.has(ticketId) ? undefined : await runs.reusable(ticketId);
      if (stored) return stored;
      const joined = waits.get(ticketId);
      // A force joins what is under way, and a run that is followed may be over since it was looked at.
      if (joined?.result && !(force && joined.follows)) {
        counts.joined += 1;
        return joined.result;
      }
      const wait: Wait = { follows: false };
      waits.set(ticketId, wait);
      wait.result = obtain(ticketId, force, wait).finally(() => {
        if (waits.get(ticketId) === wait) waits.delete(ticketId);
      });
      return wait.result;
    },

    async beat() {
      try {
        const own = [...ownRuns];
        const kept = new Set(await runs.renew(own.map(([ticketId]) => ticketId)));
        for (const [ticketId, controller] of own) {
          if (!kept.has(ticketId)) controller.abort(llmError('llm_timeout')); // another process has taken it over
        }
        await runs.settleAbandoned();
      } catch (err) {
        log.error({ err }, 'the runs of this process could not be renewed');
      }
    },

    async stop(graceMs) {
      stopping = true;
      const timer = setTimeout(() => {
        for (const controller of ownRuns.values()) controller.abort(shuttingDown());
        givenUp.abort(shuttingDown());
      }, graceMs);
      while (waits.size > 0) await Promise.allSettled([...waits.values()].map(({ result }) => result));
      clearTimeout(timer);
    },
  };
}

const shuttingDown = () => new AppError('shutting_down', 'the server is shutting down');
