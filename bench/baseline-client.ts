/**
 * The official client and nothing else: asks the provider at $BASE_URL what the service asks it, and stores nothing.
 * It listens on $PORT only to be told what to do: `POST /CALLS/CONCURRENCY` answers with the ms that those calls took.
 */
import { createServer } from 'node:http';
import OpenAI from 'openai';
import { OUTPUT_SCHEMA } from '../src/llm/output.ts';
import { loadPrompt } from '../src/llm/prompts.ts';
import { TEXT } from './data.ts';

const client = new OpenAI({ apiKey: 'sk-bench', baseURL: process.env.BASE_URL, maxRetries: 0 });
const { system } = loadPrompt('v1');

const call = () =>
  client.responses.create({
    model: 'gpt-bench',
    input: [
      { role: 'system', content: system },
      { role: 'user', content: TEXT },
    ],
    text: { format: { type: 'json_schema', strict: true, ...OUTPUT_SCHEMA } },
    store: false,
  });

async function run(calls: number, concurrency: number): Promise<number> {
  const start = performance.now();
  let left = calls;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      JSON.parse((await call()).output_text);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return performance.now() - start;
}

createServer(async (request, response) => {
  const [, calls, concurrency] = (request.url ?? '').split('/').map(Number);
  response.end(String(calls ? await run(calls, concurrency ?? 1) : 0));
}).listen(Number(process.env.PORT), '127.0.0.1');
