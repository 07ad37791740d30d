import { setImmediate as nextTick, setTimeout as sleep } from 'node:timers/promises';

export interface BatcherOptions {
  /** Most calls in a batch. */
  maxSize: number;
  /** Pause between two batches. */
  pauseMs?: number;
}

/**
 * Gathers calls: those that arrive in one event-loop tick, or while the previous batch is under way, go together.
 *
 * @param execute returns the results in the order of the inputs; if it rejects, all calls of the batch do.
 */
export function createBatcher<Input, Output>(
  execute: (inputs: Input[]) => Promise<Output[]>,
  { maxSize, pauseMs = 0 }: BatcherOptions,
): (input: Input) => Promise<Output> {
  interface Call {
    input: Input;
    resolve: (output: Output) => void;
    reject: (error: unknown) => void;
  }
  const pending: Call[] = [];
  let isActive = false;

  async function executePending(): Promise<void> {
    isActive = true;
    await nextTick();
    while (pending.length > 0) {
      await executeBatch(pending.splice(0, maxSize));
      if (pauseMs > 0) await sleep(pauseMs, undefined, { ref: false });
    }
    isActive = false;
  }

  async function executeBatch(batch: Call[]): Promise<void> {
    try {
      const outputs = await execute(batch.map(({ input }) => input));
      for (const [index, { resolve }] of batch.entries()) resolve(outputs[index] as Output);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return (input) =>
    new Promise((resolve, reject) => {
      pending.push({ input, resolve, reject });
      if (!isActive) executePending();
    });
}
