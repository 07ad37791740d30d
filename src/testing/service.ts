import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { buildApp } from '../app.ts';
import { openStore } from '../db/store.ts';
import { createOpenAIModel } from '../llm/openai.ts';
import { createProcessor } from '../processing/processor.ts';
import { temporaryFolder } from './folder.ts';
import { startProvider } from './provider.ts';

export const PROMPT = { version: 'v1', system: 'You prepare tickets.' };

/** The whole service but its process: the app over a database file of its own, and a provider that it calls. */
export async function startService({ timeoutMs = 20_000 } = {}) {
  const database = join(temporaryFolder(), 'app.db');
  const provider = await startProvider();
  const store = openStore(database);
  const log: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
  const model = createOpenAIModel({ apiKey: 'sk-test', baseURL: provider.url, model: 'gpt-test', timeoutMs });
  const processor = createProcessor({ ...store, model, prompt: PROMPT, log: logger });
  const app = await buildApp({ ...store, processor }, { logger, version: '0.0.0' });
  onTestFinished(async () => {
    await app.close();
    await provider.close();
    store.close();
  });

  return {
    app,
    provider,
    store,
    /** The database's file. */
    database,
    /** The log's lines. */
    log,
    create: async (raw_text = 'I cannot login to my account. Please help.') =>
      (await app.inject({ method: 'POST', url: '/tickets', payload: { raw_text } })).json(),
    process: (id: number, query = '') => app.inject({ method: 'POST', url: `/tickets/${id}/process${query}` }),
    read: async (path: string) => (await app.inject(path)).json(),
  };
}
