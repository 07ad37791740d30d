import type { FastifyInstance } from 'fastify';
import type { Log } from './log.ts';
import type { Processor } from './processing/processor.ts';

/** Runs `shutdown` at the first SIGTERM, SIGINT or SIGHUP; a second one ends the process at once. */
export function onFirstSignal(shutdown: () => Promise<void>, { log, giveUp }: Omit<Log, 'flush'>): void {
  let isFirst = true;
  const onSignal = (signal: NodeJS.Signals) => {
    if (!isFirst) {
      giveUp();
      process.exit(1);
    }
    isFirst = false;
    log.info({ signal }, 'shutdown');
    shutdown().catch((err) => {
      log.fatal({ err }, 'the shutdown failed');
      process.exit(1);
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, onSignal);
}

/** How long clients may take to fetch their answers when no run is under way any more, in ms. */
const FAREWELL_MS = 1000;

/** Takes no more connections, and returns when all requests are answered; runs that take longer than `graceMs` are given up. */
export async function stop(app: FastifyInstance, processor: Processor, graceMs: number): Promise<void> {
  // A connection that its client keeps alive becomes idle only after the answer; Node closes those idle right now.
  const idle = setInterval(() => app.server.closeIdleConnections(), 50);
  const closed = app.close();
  await processor.stop(graceMs);
  const slow = setTimeout(() => app.server.closeAllConnections(), FAREWELL_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(slow);
}
