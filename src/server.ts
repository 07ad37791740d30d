import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.ts';
import { type Config, complaint, loadConfig, readEnvironment, withoutSecrets } from './config.ts';
import { LEASE_MS, openStore } from './db/store.ts';
import { StartError } from './errors.ts';
import type { Model } from './llm/model.ts';
import { createOfflineModel, OFFLINE_MODEL } from './llm/offline/model.ts';
import { createOpenAIModel } from './llm/openai/model.ts';
import { loadPrompt } from './llm/prompts.ts';
import { withRetries } from './llm/retry.ts';
import { createLog } from './log.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { modelMetrics } from './metrics/model.ts';
import { createLine } from './processing/line.ts';
import { createProcessor } from './processing/processor.ts';
import { ROOT } from './root.ts';
import { onFirstSignal, stop } from './shutdown.ts';
import { inSources } from './stack.ts';

async function start(): Promise<void> {
  const config = loadConfig(readEnvironment());
  const { log, flush, giveUp } = await createLog(config.LOG_LEVEL);
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'an error that nobody caught');
    process.exit(1);
  });
  const prompt = loadPrompt(config.PROMPT_VERSION);
  const metrics = createMetrics();
  const store = openStore(config.databasePath, { onCommit: metrics.observeCommit });
  const line = createLine({ concurrency: config.LLM_MAX_CONCURRENCY, maxWaiting: config.LLM_MAX_QUEUE });
  const timeoutMs = config.PROCESS_TIMEOUT_MS;
  const model = createModel(config, metrics);
  const processor = createProcessor({ runs: store.runs, model, prompt, line, timeoutMs, log });
  metrics.watch({ line: line.counts, processor: processor.counts, tickets: store.tickets.countByStatus });
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  const app = await buildApp(
    { ...store, processor },
    {
      ...{ logger: log, version, metrics },
      ...{ apiKeys: config.apiKeys, allowAnonymous: config.allowAnonymous, trustProxy: config.trustProxy },
      rateLimits: { perMinute: config.RATE_LIMIT_PER_MINUTE, processPerMinute: config.PROCESS_RATE_LIMIT_PER_MINUTE },
    },
  );

  log.info({ version, config: withoutSecrets(config), migrations: store.migrations }, 'start');
  if (config.LLM_PROVIDER === 'offline') log.warn('the built-in offline model answers, not a language model');
  await processor.beat();
  const heartbeat = setInterval(processor.beat, LEASE_MS / 5);
  onFirstSignal(
    async () => {
      await stop(app, processor, config.SHUTDOWN_GRACE_MS);
      clearInterval(heartbeat);
      store.close();
      log.info('stopped');
      await flush();
      process.exit(0); // a connection to the provider that is still being made would keep the process for seconds
    },
    { log, giveUp },
  );
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

function createModel(config: Config, { registry }: Metrics): Model {
  const isOffline = config.LLM_PROVIDER === 'offline';
  const { call, attempt } = modelMetrics(registry, {
    provider: config.LLM_PROVIDER,
    model: isOffline ? OFFLINE_MODEL : config.OPENAI_MODEL,
    promptVersion: config.PROMPT_VERSION,
  });
  if (isOffline) return call(attempt(createOfflineModel()));
  const model = createOpenAIModel({
    apiKey: config.OPENAI_API_KEY,
    baseURL: config.OPENAI_BASE_URL,
    model: config.OPENAI_MODEL,
    api: config.OPENAI_API,
    connections: config.LLM_MAX_CONCURRENCY,
  });
  const maxAttempts = config.OPENAI_MAX_ATTEMPTS;
  return call(withRetries(attempt(model), { maxAttempts, attemptTimeoutMs: config.OPENAI_TIMEOUT_MS }));
}

start().catch((error) => {
  process.stderr.write(`${error instanceof StartError ? error.message : inSources(error.stack)}\n`);
  process.exit(1);
});
