import { type Logger, pino } from 'pino';

/**
 * The log, on standard output: JSON lines, written without waiting and flushed at exit and after a fatal one; on a
 * terminal, lines for people.
 */
export async function createLog(level: string): Promise<Logger> {
  if (!process.stdout.isTTY) return pino({ level }, pino.destination({ sync: false }));
  const { default: pretty } = await import('pino-pretty');
  return pino({ level }, pretty({ ignore: 'pid,hostname', singleLine: true, sync: true }));
}
