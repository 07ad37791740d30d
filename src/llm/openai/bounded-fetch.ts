import { llmError } from '../llm-error.ts';
import { label } from './label.ts';

/** An answer has some 10 KiB; nobody needs the end of one that is longer than this. */
const MAX_BODY_BYTES = 1024 * 1024;

/** `fetch` that follows no redirect, which would take the ticket elsewhere, and reads no more than 1 MiB. */
export const boundedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      // To leave the loop closes the connection. Of a failure the status is enough.
      if (response.ok) {
        const openai_request_id = label(response.headers.get('x-request-id'));
        throw llmError('llm_invalid_output', { openai_request_id, details: { body: 'over 1 MiB' } });
      }
      break;
    }
    chunks.push(chunk);
  }
  return new Response(chunks.length > 0 ? Buffer.concat(chunks) : null, response);
};
