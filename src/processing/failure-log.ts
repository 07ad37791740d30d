import type { BaseLogger } from 'pino';

const INTERVAL_MS = 10_000;

/** Logs the failures of a loop at most every 10 seconds. `omitted` counts those since the last line. */
export function createFailureLog(log: Pick<BaseLogger, 'error'>, message: string) {
  let loggedAt = Number.NEGATIVE_INFINITY;
  let omitted = 0;
  return (err: unknown, fields: object = {}): void => {
    if (performance.now() - loggedAt < INTERVAL_MS) {
      omitted += 1;
      return;
    }
    log.error({ err, ...fields, omitted }, message);
    loggedAt = performance.now();
    omitted = 0;
  };
}
