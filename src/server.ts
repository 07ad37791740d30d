import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
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
    app.log.warn('the built-in offline model answers, not a language model: set OPENAI_API_KEY for one');
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(app));
  await app.listen({ host: config.HOST, port: config.PORT });
}

/** Takes no more connections and ends when the requests under way are answered. */
async function stop(app: FastifyInstance): Promise<void> {
  // A connection that its client keeps alive becomes idle only after the answer; Node closes those idle right now.
  const closing = setInterval(() => app.server.closeIdleConnections(), 50);
  await app.close();
  clearInterval(closing);
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
