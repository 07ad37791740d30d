import { type Logger, pino } from 'pino';
import { inSources } from './stack.ts';

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

/** The log: JSON lines, written without waiting and flushed at exit and after a fatal one; on a terminal, lines for people. */
export async function createLog(level: string): Promise<Logger> {
  const options = { level, serializers: { err: describe } };
  if (!process.stdout.isTTY) {
    const destination = pino.destination({ sync: false, ...FLUSH, maxLength: MAX_WAITING });
    let isBroken = false;
    destination.on('error', (error) => {
      if (!isBroken) process.stderr.write(`the log cannot be written any more: ${error.message}\n`);
      isBroken = true;
      // What cannot be written would else be tried for ever at the exit; to serve matters more.
      Object.assign(destination, { write: () => true, flushSync: () => {}, end: () => {} });
    });
    return pino(options, destination);
  }
  const { default: pretty } = await import('pino-pretty');
  return pino(options, pretty(FOR_PEOPLE));
}

function describe(error: Error): object {
  const described = pino.stdSerializers.err(error);
  return described?.stack ? { ...described, stack: inSources(described.stack) } : described;
}
