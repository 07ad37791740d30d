import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logging } from './observability/logger.ts';
import type { Processor } from './processing/processor.ts';
import type { Queue } from './processing/queue.ts';

/**
 * Under `npm start` one Ctrl-C arrives twice: from the terminal's process group, and forwarded by npm. systemd's stop
 * does the same.
 */
const DUPLICATE_SIGNAL_MS = 1000;

/**
 * Runs `shutdown` at the first SIGTERM, SIGINT or SIGHUP. One that comes more than a second later ends the process at
 * once.
 */
export function installSignalHandlers(
  shutdown: () => Promise<void>,
  { log, discardPending }: Omit<Logging, 'flush'>,
): void {
  let firstSignalAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (firstSignalAt !== undefined) {
      if (now - firstSignalAt < DUPLICATE_SIGNAL_MS) return;
      discardPending();
      process.exit(1);
    }
    firstSignalAt = now;
    log.info({ signal }, 'shutting down');
    shutdown().catch((err) => {
      log.fatal({ err }, 'shutdown failed');
      process.exit(1);
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, onSignal);
}

/** Time for clients to receive their responses after the last run has ended. */
const CLOSE_TIMEOUT_MS = 1000;

/** Time to release runs and to close the storage after the grace period, also if the database does not answer. */
export const RELEASE_TIMEOUT_MS = 5000;

/** Time to write the last lines of the log. */
export const FLUSH_TIMEOUT_MS = 1000;

/** Whether `work` has ended after at most `timeoutMs`. */
export function endsWithin(work: Promise<void>, timeoutMs: number): Promise<boolean> {
  return Promise.race([work.then(() => true), sleep(timeoutMs, false)]);
}

/** Accepts no more connections, finishes active requests, and releases runs that take longer than `graceMs`. */
export async function closeGracefully(
  app: FastifyInstance,
  { processor, queue }: { processor: Pick<Processor, 'drain'>; queue: Pick<Queue, 'stop'> },
  graceMs: number,
): Promise<void> {
  // Node closes only the connections that are idle at this moment; a kept-alive one becomes idle after its response.
  const closeIdle = setInterval(() => app.server.closeIdleConnections(), 50);
  const closed = app.close();
  await queue.stop();
  await processor.drain(graceMs);
  const closeAll = setTimeout(() => app.server.closeAllConnections(), CLOSE_TIMEOUT_MS);
  await closed;
  clearInterval(closeIdle);
  clearTimeout(closeAll);
}
