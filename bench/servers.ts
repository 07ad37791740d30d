import { fileURLToPath } from 'node:url';
import { database } from './data.ts';
import { type Server, startServer } from './processes.ts';

const script = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Both are built, and run with the flag and the cache that `npm start` has. */
const YOUNG = '--max-semi-space-size=16';
export const FLOOR = [YOUNG, script('../dist/floor.js')];
export const SERVICE = [YOUNG, script('../dist/server.cjs')];
export const CACHE = { NODE_COMPILE_CACHE: script('../dist/cache') };

export const floor = (file: string, synchronous = 'FULL') => startServer([...FLOOR, file, synchronous], CACHE);

const provider = (delayMs = 0) => startServer([script('provider.ts'), String(delayMs)]);

export const environment = (file: string, more: NodeJS.ProcessEnv = {}) => ({
  ...{ DATABASE_URL: file, LOG_LEVEL: 'warn', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' },
  ...{ ...CACHE, ...more },
});
export const service = (file: string, more?: NodeJS.ProcessEnv) => startServer(SERVICE, environment(file, more));

/** The service and the bare client with a provider of theirs, and what processes a new ticket at each request. */
export async function withProvider(delayMs: number, tickets: number) {
  const llm = await provider(delayMs);
  const base = `${llm.url}/v1`;
  const server = await service(database(tickets), { OPENAI_BASE_URL: base, LLM_MAX_CONCURRENCY: '1000' });
  const bare = await startServer([script('bare.ts')], { BASE_URL: base });
  let id = 0;
  const path = () => {
    id += 1;
    return `/tickets/${id}/process`;
  };
  const run = { method: 'POST', path } as const;
  return { llm, server, bare, run };
}

export const askBare = async ({ url }: Server, calls: number, concurrency: number) =>
  Number(await (await fetch(`${url}/${calls}/${concurrency}`, { method: 'POST' })).text());
