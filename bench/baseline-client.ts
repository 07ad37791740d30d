/**
 * The baseline client: sends the service's request to the provider at $BASE_URL with the official client, and stores
 * nothing. It listens on $PORT for commands: `POST /CALLS/CONCURRENCY` makes these calls and responds with the
 * milliseconds that they took.
 */
import { createServer } from 'node:http';
import OpenAI from 'openai';
import { OUTPUT_SCHEMA } from '../src/llm/output.ts';
import { loadPrompt } from '../src/llm/prompts.ts';
import { TEXT } from './ticket.ts';

const client = new OpenAI({ apiKey: 'sk-bench', baseURL: process.env.BASE_URL, maxRetries: 0 });
const { system } = loadPrompt('v1');

async function call(): Promise<void> {
  const response = await client.responses.create({
    model: 'gpt-bench',
    input: [
      { role: 'system', content: system },
      { role: 'user', content: TEXT },
    ],
    text: { format: { type: 'json_schema', strict: true, ...OUTPUT_SCHEMA } },
    store: false,
  });
  JSON.parse(response.output_text);
}

async function run(calls: number, concurrency: number): Promise<number> {
  const start = performance.now();
  let remaining = calls;
  const worker = async () => {
    while (remaining > 0) {
      remaining -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return performance.now() - start;
}

const server = createServer(async (request, response) => {
  const [, calls = 0, concurrency = 1] = (request.url ?? '').split('/').map(Number);
  response.end(String(calls > 0 ? await run(calls, concurrency) : 0)); // `GET /health` makes no call
});
server.listen(Number(process.env.PORT), '127.0.0.1');
