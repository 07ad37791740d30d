import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import { AppError } from '../errors.ts';
import { applySourceMap } from './source-map.ts';

/** A line is written after 100 ms at the latest, or when 16 kB have been collected. */
const BUFFER = { periodicFlush: 100, minLength: 16_000 };

/** Memory for lines that cannot be written because the reader is blocked. Further lines are dropped. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;

const PRETTY_OPTIONS = {
  ignore: 'pid,hostname,method,route,status,outcome,ms',
  messageFormat: '{msg}{if method} {method} {route} {status}{end}{if outcome} {outcome}{end}{if ms} {ms} ms{end}',
  singleLine: true,
  sync: true,
};

export interface Logging {
  log: Logger;
  /** Writes the pending lines. Discards them if writing fails, and waits while the reader is blocked. */
  flush(): Promise<void>;
  /** Lets the process end without writing the pending lines. */
  discardPending(): void;
}

/** Logs JSON lines to standard output, asynchronously; on a terminal, readable lines. */
export async function createLogger(level: string): Promise<Logging> {
  const options = { level, serializers: { err: serializeError } };
  if (process.stdout.isTTY) {
    const { default: pretty } = await import('pino-pretty');
    return { log: pino(options, pretty(PRETTY_OPTIONS)), flush: async () => {}, discardPending() {} };
  }
  const { destination, flush, discardPending } = createDestination();
  return { log: pino(options, destination), flush, discardPending };
}

/**
 * An asynchronous destination. pino calls its `flushSync` when the process exits, and that retries without end while
 * the disk is full or the reader is blocked or gone. So it is skipped after a failed write.
 */
function createDestination(): { destination: DestinationStream } & Omit<Logging, 'log'> {
  const destination = pino.destination({ sync: false, ...BUFFER, maxLength: MAX_PENDING_BYTES });
  const flushSync = destination.flushSync.bind(destination);
  let isWritable = true;
  let hasReported = false;
  let writtenBytes = 0;
  destination.flushSync = () => {
    if (isWritable) flushSync();
  };
  destination.on('write', (bytes: number) => {
    isWritable = true;
    writtenBytes += bytes;
  });
  process.stderr.on('error', () => {}); // it may be on the same full disk
  destination.on('error', (error) => {
    isWritable = false; // until a later write succeeds
    if (!hasReported) process.stderr.write(`the log cannot be written: ${error.message}\n`);
    hasReported = true;
  });

  const discardPending = () => {
    isWritable = false;
  };
  /** One `flush` of the destination may leave up to `minLength` bytes. */
  const flush = async () => {
    let before: number;
    do {
      before = writtenBytes;
      // Errors of writing are events. The callback's error is that of fsync, which pipes do not support.
      await new Promise((resolve) => destination.flush(resolve));
    } while (isWritable && writtenBytes > before);
  };
  return { destination, flush, discardPending };
}

/** pino's serializer, with stacks that point to the sources. An expected error needs no stack. */
function serializeError(error: Error): object {
  const serialized = stdSerializers.err(error);
  if (!serialized?.stack) return serialized;
  return { ...serialized, stack: error instanceof AppError ? undefined : applySourceMap(serialized.stack) };
}
