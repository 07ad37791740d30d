import { fileURLToPath } from 'node:url';
import { createDatabase } from './data.ts';
import { type Server, startServer } from './processes.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

// Baseline and service are bundled, and run with the flag and the compile cache of `npm start`.
const FLAG = '--max-semi-space-size=16';
const CACHE = { NODE_COMPILE_CACHE: path('../dist/cache') };

export const startBaseline = (database: string, synchronous: 'FULL' | 'NORMAL' = 'FULL') =>
  startServer([FLAG, path('../dist/baseline.js'), database, synchronous], CACHE);

export const startBaselinePostgres = (databaseUrl: string) =>
  startServer([FLAG, path('../dist/baseline-postgres.js'), databaseUrl], CACHE);

interface ServiceOptions {
  settings?: NodeJS.ProcessEnv;
  logFile?: string;
}

export function startService(database: string, { settings, logFile }: ServiceOptions = {}): Promise<Server> {
  const environment = {
    ...CACHE,
    DATABASE_URL: database,
    LOG_LEVEL: 'warn',
    OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
    ...settings,
  };
  return startServer([FLAG, path('../dist/server.cjs')], environment, logFile);
}

/** A scenario must not use more: each new run needs a ticket of its own. */
const NEW_TICKETS = 15_000;

/** Starts the baseline client and the service with new tickets; their provider responds after `delayMs`. */
export const startWithProvider = (delayMs: number) =>
  startClientAndProvider(delayMs, (tickets) => createDatabase({ tickets }));

/** The same with another database. */
export async function startClientAndProvider(
  delayMs: number,
  createDatabase: (tickets: number) => Promise<string>,
  settings: NodeJS.ProcessEnv = {},
) {
  const provider = await startServer([path('provider.ts'), String(delayMs)], {});
  const providerUrl = `${provider.url}/v1`;
  const client = await startServer([path('baseline-client.ts')], { BASE_URL: providerUrl });
  const service = await startService(await createDatabase(NEW_TICKETS), {
    settings: { OPENAI_BASE_URL: providerUrl, LLM_MAX_CONCURRENCY: '1000', ...settings },
  });
  let id = 0;
  const nextPath = () => {
    id += 1;
    return `/tickets/${id}/process`;
  };
  return { client, service, nextPath };
}

/** Lets the baseline client make these calls, and returns how long that took, in ms. */
export async function runBaselineClient({ url }: Server, calls: number, concurrency: number): Promise<number> {
  const response = await fetch(`${url}/${calls}/${concurrency}`, { method: 'POST' });
  return Number(await response.text());
}
