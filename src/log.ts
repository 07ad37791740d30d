import { type Logger, pino } from 'pino';

/** A line reaches standard output at the latest after so many ms, or when so many bytes have come together. */
const FLUSH = { periodicFlush: 100, minLength: 4096 };

/** The log: JSON lines, written without waiting and flushed at exit and after a fatal one; on a terminal, lines for people. */
export async function createLog(level: string): Promise<Logger> {
  if (!process.stdout.isTTY) return pino({ level }, pino.destination({ sync: false, ...FLUSH }));
  const { default: pretty } = await import('pino-pretty');
  return pino({ level }, pretty({ ignore: 'pid,hostname', singleLine: true, sync: true }));
}
