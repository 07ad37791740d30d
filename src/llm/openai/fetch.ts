import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { createDispatcher, type ProxyOptions } from './dispatcher.ts';

/** A normal response has about 10 KiB. */
const MAX_BODY_BYTES = 1024 * 1024;

/** The options that the official client passes to `fetch`. */
interface FetchOptions {
  method: 'POST';
  headers: Headers;
  body: string;
  signal: AbortSignal;
}

/**
 * A `fetch` for the official client that
 * - opens at most `connections` connections and reuses them, also when calls are cancelled,
 * - follows no redirect, which would send the ticket elsewhere,
 * - stops reading a body after 1 MiB. The rest is discarded, so that the body is not valid JSON,
 * - unpacks compressed bodies, which some servers and proxies send without being asked.
 *
 * It resolves when the body has been read.
 */
export function createFetch(connections: number, proxy: ProxyOptions = {}): typeof fetch {
  let dispatcher: Dispatcher | undefined;
  return async (url, init) => {
    const undici = await import('undici'); // only at the first call: it takes a tenth of the start-up time to load
    dispatcher ??= createDispatcher(undici, connections, proxy);
    const { method, headers, body, signal } = init as FetchOptions;
    headers.set('accept-encoding', 'identity'); // `undici.request` does not decompress
    const request = undici.request(String(url), { dispatcher, method, headers, body, signal });
    const response = await untilAborted(request, signal);
    const bytes = await unpack(await readUpToLimit(response.body), response.headers['content-encoding']);
    return new Response(bytes.length > 0 ? bytes : null, {
      status: response.statusCode,
      headers: toHeaders(response.headers),
    });
  };
}

/** undici rejects a cancelled request only when its connection has been opened, which may take 10 seconds. */
function untilAborted<T>(request: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    request.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function readUpToLimit(body: AsyncIterable<Buffer>): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY_BYTES) break; // closes the connection
  }
  return Buffer.concat(chunks);
}

const DECODERS = new Map([
  ['br', [promisify(brotliDecompress)]],
  ['gzip', [promisify(gunzip)]],
  ['x-gzip', [promisify(gunzip)]], // an old name (RFC 9110)
  ['deflate', [promisify(inflate), promisify(inflateRaw)]], // some servers omit the header of the zlib format
]);

/** A body that cannot be unpacked, or only to more than the limit, stays as it is. It is only read if it is JSON. */
async function unpack(body: Buffer<ArrayBuffer>, encodings: unknown): Promise<Buffer<ArrayBuffer>> {
  let bytes = body;
  for (const encoding of String(encodings).toLowerCase().split(',').reverse()) {
    for (const decode of DECODERS.get(encoding.trim()) ?? []) {
      const unpacked = await decode(bytes, { maxOutputLength: MAX_BODY_BYTES }).catch(() => undefined);
      bytes = unpacked ?? bytes;
      if (unpacked) break;
    }
  }
  return bytes;
}

/** undici decodes headers as UTF-8. `Headers` throws for characters above U+00FF, so they become single bytes again. */
const toHeaders = (received: Record<string, string | string[] | undefined>) =>
  new Headers(Object.entries(received).map(([name, value]) => [name, Buffer.from(String(value)).toString('latin1')]));
