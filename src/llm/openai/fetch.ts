import type { Agent } from 'undici';

/** An answer has some 10 KiB; nobody needs the end of one that is longer than this. */
const MAX_BODY_BYTES = 1024 * 1024;

/** What the official client asks for. */
interface Call {
  method: 'POST';
  headers: Headers;
  body: string;
  signal: AbortSignal;
}

/**
 * A `fetch` for the official client that holds at most so many connections to a server, also where calls are given up, keeps
 * and reuses them, follows no redirect, which would take the ticket elsewhere, and gives of a body that is over 1 MiB only
 * the beginning. Its promise is settled when the body is there.
 */
export function createFetch(connections: number): typeof fetch {
  let dispatcher: Agent | undefined;
  return async (url, init) => {
    const undici = await import('undici'); // takes as long as a tenth of the start, which can do without
    dispatcher ??= new undici.Agent({ connections, allowH2: false });
    const { method, headers, body, signal } = init as Call;
    headers.set('accept-encoding', 'identity'); // nothing here unpacks
    const { statusCode: status, ...answer } = await undici.request(String(url), {
      dispatcher,
      ...{ method, headers, body, signal },
    });
    const bytes = await readBeginning(answer.body);
    return new Response(bytes.length > 0 ? bytes : null, { status, headers: toHeaders(answer.headers) });
  };
}

async function readBeginning(body: AsyncIterable<Buffer>): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY_BYTES) break; // which closes the connection
  }
  return Buffer.concat(chunks);
}

/** Headers as they came, one character per byte; `Headers` takes no others. */
const toHeaders = (received: Record<string, string | string[] | undefined>) =>
  new Headers(Object.entries(received).map(([name, value]) => [name, Buffer.from(String(value)).toString('latin1')]));
