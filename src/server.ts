import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { buildApp } from './app.ts';
import { type Config, complaint, loadConfig, readEnvironment } from './config.ts';
import { openStore } from './db/store.ts';
import { StartError } from './errors.ts';
import type { Model } from './llm/model.ts';
import { createOfflineModel } from './llm/offline/model.ts';
import { createOpenAIModel } from './llm/openai.ts';
import { loadPrompt } from './llm/prompts.ts';
import { createProcessor } from './processing/processor.ts';

async function start(): Promise<void> {
  const config = loadConfig(readEnvironment());
  const log = pino({ level: config.LOG_LEVEL });
  const prompt = loadPrompt(config.PROMPT_VERSION);
  const { tickets, results, close } = openStore(config.databasePath);
  const processor = createProcessor({ tickets, results, model: createModel(config), prompt, log });
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const app = await buildApp({ tickets, results, processor }, { logger: log, version });
  app.addHook('onClose', async () => close());

  if (config.LLM_PROVIDER === 'offline') log.warn('the built-in offline model answers, not a language model');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(app));
  await listen(app, config);
  // Not before the port is ours: the tickets may be those of a server that runs.
  await tickets.settleAll();
}

async function listen(app: FastifyInstance, { HOST, PORT }: Config): Promise<void> {
  try {
    await app.listen({ host: HOST, port: PORT });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const isPort = code === 'EADDRINUSE' || code === 'EACCES';
    throw new StartError(`${complaint(isPort ? 'PORT' : 'HOST')} (${message})`);
  }
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
  process.stderr.write(`${error instanceof StartError ? error.message : error.stack}\n`);
  process.exit(1);
});
