/** A loop that can be woken from its pauses. */
export interface Poller {
  start(): void;
  /** Begins the next step at once, or right after the one under way. */
  wake(): void;
  /** Resolves when no step is under way. */
  stop(): Promise<void>;
}

/** @param step returns how long to pause before the next one, in ms; it must not reject. */
export function createPoller(step: () => Promise<number>): Poller {
  let isStopped = false;
  let isWakePending = false;
  let endPause = () => {};
  let stopped = Promise.resolve();

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function run(): Promise<void> {
    while (!isStopped) {
      isWakePending = false;
      const pauseMs = await step();
      if (!isWakePending && !isStopped) await pause(pauseMs);
    }
  }

  function wake(): void {
    isWakePending = true;
    endPause();
  }

  return {
    start() {
      stopped = run();
    },
    wake,
    async stop() {
      isStopped = true;
      wake();
      await stopped;
    },
  };
}
