import { setImmediate as nextTurn } from 'node:timers/promises';

/** An answer has some 10 KiB; nobody needs the end of one that is longer than this. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * `fetch` that follows no redirect, which would take the ticket elsewhere, and of a failure's body, which the official
 * client reads as a whole, gives only the beginning.
 */
export const boundedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  if (response.ok) return response;
  const { bytes } = await readBounded(response);
  return new Response(bytes.length > 0 ? bytes : null, response);
};

/** A body, or the beginning of one that is over 1 MiB; the connection is closed then. */
export async function readBounded(response: Response): Promise<{ bytes: Buffer<ArrayBuffer>; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) break; // which cancels the body
    chunks.push(chunk);
  }
  await nextTurn(); // the connection is free for another call only then, which would else make a new one
  return { bytes: Buffer.concat(chunks), isWhole: size <= MAX_BODY_BYTES };
}
