import { setImmediate as nextTick, setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../../errors.ts';
import { toStorageError } from './errors.ts';

export interface BatcherOptions<Input> {
  /** Most calls in a batch. */
  maxSize: number;
  /** Calls with the same key are not put into one batch. */
  keyOf?: (input: Input) => unknown;
  /** Pause between two batches. */
  pauseMs?: number;
}

/**
 * Gathers calls: those that arrive in one event-loop tick, or while the previous batch is under way, go together.
 *
 * A batch that PostgreSQL refuses, which then changes nothing, is executed call by call, so that only those fail that are
 * to blame.
 *
 * @param execute returns the results in the order of the inputs.
 */
export function createBatcher<Input, Output>(
  execute: (inputs: Input[]) => Promise<Output[]>,
  { maxSize, keyOf = (input) => input, pauseMs = 0 }: BatcherOptions<Input>,
): (input: Input) => Promise<Output> {
  interface Call {
    input: Input;
    resolve: (output: Output) => void;
    reject: (error: unknown) => void;
  }
  let pending: Call[] = [];
  let isActive = false;

  async function executePending(): Promise<void> {
    isActive = true;
    await nextTick();
    while (pending.length > 0) {
      await executeBatch(takeBatch());
      if (pauseMs > 0) await sleep(pauseMs, undefined, { ref: false });
    }
    isActive = false;
  }

  function takeBatch(): Call[] {
    const batch = new Map<unknown, Call>();
    const rest: Call[] = [];
    for (const call of pending) {
      const key = keyOf(call.input);
      if (batch.size < maxSize && !batch.has(key)) batch.set(key, call);
      else rest.push(call);
    }
    pending = rest;
    return [...batch.values()];
  }

  async function executeBatch(batch: Call[]): Promise<void> {
    try {
      const outputs = await execute(batch.map(({ input }) => input));
      for (const [index, { resolve }] of batch.entries()) resolve(outputs[index] as Output);
    } catch (error) {
      if (batch.length === 1 || isUnavailable(error)) for (const { reject } of batch) reject(error);
      else for (const call of batch) await executeBatch([call]);
    }
  }

  return (input) =>
    new Promise((resolve, reject) => {
      pending.push({ input, resolve, reject });
      if (!isActive) executePending();
    });
}

const isUnavailable = (error: unknown) => hasCode(toStorageError(error), 'storage_unavailable');
