import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo, receiveAll } from './socket.ts';

/** An answer as it was received. */
export interface Answer {
  status: number;
  /** The content type without its parameters; empty if there is none. */
  type: string;
  /** Undefined if there is none, as for HEAD. */
  body: string | undefined;
  /** The server announces that it closes the connection. */
  isLast: boolean;
}

/** A server that keeps a connection open for so long, in ms, hangs. */
const MAX_WAIT_MS = 5000;

/**
 * Sends bytes (one character each) on a new connection and returns all answers.
 *
 * @param quietMs if set, the client closes the connection after so long without an answer; otherwise the server has to.
 * @throws Error if the connection is still open after 5 s, or an answer is not as long as it says.
 */
export async function answersTo(url: string, bytes: string, quietMs?: number): Promise<Answer[]> {
  const socket = connectTo(url).setEncoding('latin1');
  if (quietMs !== undefined) socket.setTimeout(quietMs, () => socket.end());
  const closed = receiveAll(socket);
  socket.write(bytes, 'latin1');
  const received = await Promise.race([closed, sleep(MAX_WAIT_MS, undefined, { ref: false })]);
  socket.destroy();
  if (received === undefined) throw new Error(`still open after ${MAX_WAIT_MS} ms, so far: ${await closed}`);
  return received
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((text) => text !== '' && !text.startsWith('HTTP/1.1 100 '))
    .map(parse);
}

/** Node ends its own bare answers with an empty chunk. */
const EMPTY_CHUNK = '0\r\n\r\n';

function parse(text: string): Answer {
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, end);
  const bytes = text.slice(end + 4);
  const isChunked = header(head, 'transfer-encoding') === 'chunked';
  const length = isChunked ? EMPTY_CHUNK.length : Number(header(head, 'content-length'));
  if (end < 0 || (bytes !== '' && bytes.length !== length)) throw new Error(`not a whole answer: ${text}`);
  return {
    status: Number(head.slice(9, 12)),
    type: header(head, 'content-type').split(';')[0] ?? '',
    isLast: header(head, 'connection') === 'close',
    body: bytes === '' && length !== 0 ? undefined : isChunked ? '' : Buffer.from(bytes, 'latin1').toString(),
  };
}

const header = (head: string, name: string) => new RegExp(`^${name}: *(.*?)\r?$`, 'im').exec(head)?.[1] ?? '';
