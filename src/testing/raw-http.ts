import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** An answer as it came over the wire. */
export interface Answer {
  status: number;
  /** The content type without its parameters; empty if there is none. */
  type: string;
  /** Undefined if there is none, as for HEAD. */
  body: string | undefined;
  /** It says that no other one comes on this connection. */
  isLast: boolean;
}

/** A server that says nothing for so long, in ms, hangs. */
const PATIENCE_MS = 5000;

/**
 * All answers to these bytes (one character each) on a connection of their own.
 *
 * @param quietMs with it, the client hangs up when it has heard nothing for so long; without, the server has to close.
 * @throws Error if the connection is still open after 5 s, or an answer is not as long as it says.
 */
export async function answersTo(url: string, bytes: string, quietMs?: number): Promise<Answer[]> {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk;
  });
  socket.on('error', () => {}); // a reset is the server's right; what came before it counts
  if (quietMs !== undefined) socket.setTimeout(quietMs, () => socket.end());
  const closed = new Promise((resolve) => socket.once('close', () => resolve(true)));
  socket.write(bytes, 'latin1');
  const isOver = await Promise.race([closed, sleep(PATIENCE_MS, false, { ref: false })]);
  socket.destroy();
  if (!isOver) throw new Error(`no end after ${PATIENCE_MS} ms, so far: ${received}`);
  return received
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((text) => text !== '' && !text.startsWith('HTTP/1.1 100 '))
    .map(parse);
}

function parse(text: string): Answer {
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, end);
  const bytes = text.slice(end + 4);
  const length = Number(header(head, 'content-length'));
  if (end < 0 || (bytes !== '' && bytes.length !== length)) throw new Error(`no whole answer: ${text}`);
  return {
    status: Number(head.slice(9, 12)),
    type: header(head, 'content-type').split(';')[0] ?? '',
    isLast: header(head, 'connection') === 'close',
    body: bytes === '' && length !== 0 ? undefined : Buffer.from(bytes, 'latin1').toString(),
  };
}

const header = (head: string, name: string) => new RegExp(`^${name}: *(.*?)\r?$`, 'im').exec(head)?.[1] ?? '';
