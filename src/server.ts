import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { BaseLogger } from 'pino';
import { buildApp } from './app.ts';
import { type Config, complaint, loadConfig, readEnvironment } from './config.ts';
import { LEASE_MS, openStore } from './db/store.ts';
import { StartError } from './errors.ts';
import type { Model } from './llm/model.ts';
import { createOfflineModel } from './llm/offline/model.ts';
import { createOpenAIModel } from './llm/openai/model.ts';
import { loadPrompt } from './llm/prompts.ts';
import { withRetries } from './llm/retry.ts';
import { createLog } from './log.ts';
import { createLine } from './processing/line.ts';
import { createProcessor, type Processor } from './processing/processor.ts';
import { ROOT } from './root.ts';
import { inSources } from './stack.ts';

async function start(): Promise<void> {
  const config = loadConfig(readEnvironment());
  const log = await createLog(config.LOG_LEVEL);
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'an error that nobody caught');
    process.exit(1);
  });
  const prompt = loadPrompt(config.PROMPT_VERSION);
  const { tickets, results, runs, close } = openStore(config.databasePath);
  const line = createLine({ concurrency: config.LLM_MAX_CONCURRENCY, maxWaiting: config.LLM_MAX_QUEUE });
  const timeoutMs = config.PROCESS_TIMEOUT_MS;
  const processor = createProcessor({ runs, model: createModel(config), prompt, line, timeoutMs, log });
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  const app = await buildApp(
    { tickets, results, processor },
    {
      logger: log,
      version,
      apiKeys: config.apiKeys,
      trustProxy: config.trustProxy,
      rateLimits: { perMinute: config.RATE_LIMIT_PER_MINUTE, processPerMinute: config.PROCESS_RATE_LIMIT_PER_MINUTE },
    },
  );

  if (config.LLM_PROVIDER === 'offline') log.warn('the built-in offline model answers, not a language model');
  await processor.beat();
  const heartbeat = setInterval(processor.beat, LEASE_MS / 5);
  onFirstSignal(async () => {
    await stop(app, processor, config.SHUTDOWN_GRACE_MS);
    clearInterval(heartbeat);
    close();
    process.exit(0); // a connection to the provider that is still being made would keep the process for seconds
  }, log);
  await listen(app, config);
}

async function listen(app: FastifyInstance, { HOST, PORT }: Config): Promise<void> {
  try {
    await app.listen({ host: HOST, port: PORT });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isPort = code === 'EADDRINUSE' || code === 'EACCES';
    throw new StartError(`${complaint(isPort ? 'PORT' : 'HOST')} (${code})`);
  }
}

/** Runs `shutdown` at the first SIGTERM, SIGINT or SIGHUP; a second one ends the process at once. */
function onFirstSignal(shutdown: () => Promise<void>, log: BaseLogger): void {
  let isFirst = true;
  const onSignal = () => {
    if (!isFirst) process.exit(1);
    isFirst = false;
    shutdown().catch((err) => {
      log.fatal({ err }, 'the shutdown failed');
      process.exit(1);
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, onSignal);
}

/** How long clients may take to fetch their answers when no run is under way any more, in ms. */
const FAREWELL_MS = 1000;

/** Takes no more connections, and returns when all requests are answered; runs that take longer than `graceMs` are given up. */
async function stop(app: FastifyInstance, processor: Processor, graceMs: number): Promise<void> {
  // A connection that its client keeps alive becomes idle only after the answer; Node closes those idle right now.
  const idle = setInterval(() => app.server.closeIdleConnections(), 50);
  const closed = app.close();
  await processor.stop(graceMs);
  const slow = setTimeout(() => app.server.closeAllConnections(), FAREWELL_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(slow);
}

function createModel(config: Config): Model {
  if (config.LLM_PROVIDER === 'offline') return createOfflineModel();
  const model = createOpenAIModel({
    apiKey: config.OPENAI_API_KEY,
    baseURL: config.OPENAI_BASE_URL,
    model: config.OPENAI_MODEL,
    api: config.OPENAI_API,
  });
  return withRetries(model, {
    maxAttempts: config.OPENAI_MAX_ATTEMPTS,
    attemptTimeoutMs: config.OPENAI_TIMEOUT_MS,
  });
}

start().catch((error) => {
  process.stderr.write(`${error instanceof StartError ? error.message : inSources(error.stack)}\n`);
  process.exit(1);
});
