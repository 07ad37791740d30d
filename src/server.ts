import { readFileSync } from 'node:fs';
import { buildApp } from './app.ts';
import { type Config, loadConfig, readEnvironment } from './config.ts';
import { databasePath } from './db/path.ts';
import { openStore } from './db/store.ts';
import { StartError } from './errors.ts';
import type { Model } from './llm/model.ts';
import { createOfflineModel } from './llm/offline/model.ts';
import { createOpenAIModel } from './llm/openai.ts';
import { loadPrompt } from './llm/prompts.ts';
import { createProcessor } from './processing/processor.ts';

async function start(): Promise<void> {
  const config = loadConfig(readEnvironment());
  const prompt = loadPrompt(config.PROMPT_VERSION);
  const store = openStore(databasePath(config.DATABASE_URL) as string);
  await store.tickets.settleAll();

  const { tickets, results } = store;
  const processor = createProcessor({ tickets, results, model: createModel(config), prompt });
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const app = await buildApp({ tickets, results, processor }, { logger: { level: config.LOG_LEVEL }, version });
  app.addHook('onClose', async () => store.close());

  if (config.LLM_PROVIDER === 'offline') {
    app.log.warn('no OPENAI_API_KEY: the built-in offline model answers, not a language model');
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => app.close());
  await app.listen({ host: config.HOST, port: config.PORT });
}

function createModel({ LLM_PROVIDER, OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL }: Config): Model {
  if (LLM_PROVIDER === 'offline') return createOfflineModel();
  return createOpenAIModel({ apiKey: OPENAI_API_KEY as string, baseURL: OPENAI_BASE_URL, model: OPENAI_MODEL });
}

start().catch((error) => {
  const expected = error instanceof StartError || error.syscall === 'listen' || error.syscall === 'getaddrinfo';
  process.stderr.write(`${expected ? error.message : error.stack}\n`);
  process.exit(1);
});
