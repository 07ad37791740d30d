import { type Logger, pino } from 'pino';
import { applySourceMap } from './source-map.ts';

/** A line reaches standard output at the latest after so many ms, or when so many bytes have come together. */
const FLUSH = { periodicFlush: 100, minLength: 16_000 };

/** So many bytes wait for a reader that has come to a standstill; more are dropped. */
const MAX_WAITING = 16 * 1024 * 1024;

const FOR_PEOPLE = {
  ignore: 'pid,hostname,method,route,status,ms',
  messageFormat: '{msg}{if method} {method} {route} {status} {ms} ms{end}',
  singleLine: true,
  sync: true,
};

/** How long the last lines may take, in ms. */
const MAX_FLUSH_MS = 1000;

export interface Log {
  log: Logger;
  /** Writes the lines that wait, before the process ends; gives them up if that fails or takes too long. */
  flush(): Promise<void>;
  /** Lets the process end without the lines that wait. */
  giveUp(): void;
}

/** The log: JSON lines, written without waiting and flushed at exit and after a fatal one; on a terminal, lines for people. */
export async function createLog(level: string): Promise<Log> {
  const options = { level, serializers: { err: describe } };
  if (process.stdout.isTTY) {
    const { default: pretty } = await import('pino-pretty');
    return { log: pino(options, pretty(FOR_PEOPLE)), flush: async () => {}, giveUp() {} };
  }
  const destination = pino.destination({ sync: false, ...FLUSH, maxLength: MAX_WAITING });
  return { log: pino(options, destination), ...endingWith(destination) };
}

/** Its own flush at the exit tries for ever: with a full disk, or a reader that is gone or stands still, only `kill -9` would help. */
function endingWith(destination: ReturnType<typeof pino.destination>): Omit<Log, 'log'> {
  let isGood = true;
  let isTold = false;
  const flushSync = destination.flushSync.bind(destination);
  destination.flushSync = () => {
    if (isGood) flushSync();
  };
  destination.on('write', () => {
    isGood = true;
  });
  destination.on('error', (error) => {
    isGood = false; // it is tried again with the next lines
    if (!isTold) process.stderr.write(`the log cannot be written: ${error.message}\n`);
    isTold = true;
  });
  const giveUp = () => {
    isGood = false;
  };
  const flush = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(end, MAX_FLUSH_MS, new Error('too slow'));
      destination.flush(end);
      function end(error?: Error | null): void {
        clearTimeout(timer);
        if (error) giveUp();
        resolve();
      }
    });
  return { flush, giveUp };
}

function describe(error: Error): object {
  const described = pino.stdSerializers.err(error);
  return described?.stack ? { ...described, stack: applySourceMap(described.stack) } : described;
}
