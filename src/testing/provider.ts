import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeCompletion, toOutput } from './fixtures.ts';

/** A request as it reached the provider. */
export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

/** How the provider responds: with a status, headers and a body, or by writing to the response itself. */
export type Behaviour =
  | { status?: number; headers?: Record<string, string>; body?: unknown }
  | ((response: ServerResponse) => void | Promise<void>);

/** Starts an OpenAI-compatible server on loopback that records its requests. */
export async function startProvider(port = 0) {
  const requests: ReceivedRequest[] = [];
  let sentBytes = 0;
  let made = 0;
  let open = 0;
  let behaviour: (request: ReceivedRequest) => Behaviour | Promise<Behaviour> = () => completed();

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = await request.toArray();
    const received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: JSON.parse(Buffer.concat(chunks).toString() || '{}'),
    };
    requests.push(received);
    response.once('close', () => {
      sentBytes += response.socket?.bytesWritten ?? 0;
    });
    const chosen = await behaviour(received);
    if (typeof chosen === 'function') return chosen(response);
    const { status = 200, headers = { 'x-request-id': `req_${requests.length}` }, body = {} } = chosen;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.on('connection', (socket) => {
    made += 1;
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    /** Number of connections so far and of those that are open. */
    connections: () => ({ made, open }),
    /** Bytes written to the connections of finished responses. */
    sentBytes: () => sentBytes,
    /** Sets the behaviour for the requests that follow. A function is called for each request. */
    respond(next: Behaviour | typeof behaviour) {
      behaviour = typeof next === 'function' ? (next as typeof behaviour) : () => next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A valid answer of the model. */
export const OUTPUT = toOutput(makeCompletion());

/** A complete response of the Responses API. `output` is the answer's text, or an object that becomes JSON. */
export function completed(output: unknown = OUTPUT, overrides: Record<string, unknown> = {}): Behaviour {
  const text = typeof output === 'string' ? output : JSON.stringify(output);
  return {
    body: {
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      model: 'gpt-4o-mini-2024-07-18',
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] }],
      usage: {
        input_tokens: 120,
        input_tokens_details: { cached_tokens: 64 },
        output_tokens: 40,
        total_tokens: 160,
      },
      ...overrides,
    },
  };
}

/** A complete response of chat completions. */
export function chatCompleted(
  message: { content: string | null; [field: string]: unknown },
  overrides: { choice?: object; body?: object } = {},
): Behaviour {
  return {
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      model: 'llama3.2:3b',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', ...message }, ...overrides.choice }],
      usage: {
        prompt_tokens: 120,
        prompt_tokens_details: { cached_tokens: 64 },
        completion_tokens: 40,
        total_tokens: 160,
      },
      ...overrides.body,
    },
  };
}
