import './check-node.cjs';

import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.ts';
import { nonDefaultSettings, redactConfig } from './config/describe.ts';
import { type Config, formatError, loadConfig, readEnvironment } from './config/load.ts';
import { findMisspelledSettings } from './config/misspelled.ts';
import { StartupError } from './errors.ts';
import type { LlmClient } from './llm/client.ts';
import { createOfflineClient, OFFLINE_MODEL } from './llm/offline/client.ts';
import { createOpenAIClient } from './llm/openai/client.ts';
import { loadPrompt } from './llm/prompts.ts';
import { withRetries } from './llm/retry.ts';
import { modelMetrics } from './observability/llm-metrics.ts';
import { createLog } from './observability/logger.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { applySourceMap } from './observability/source-map.ts';
import { createConcurrencyLimiter } from './processing/concurrency-limiter.ts';
import { createProcessor } from './processing/processor.ts';
import { ROOT } from './root.ts';
import { closeGracefully, installSignalHandlers } from './shutdown.ts';
import { openStorage } from './storage/open.ts';
import { LEASE_MS } from './storage/types.ts';

async function start(): Promise<void> {
  const environment = readEnvironment();
  const config = loadConfig(environment);
  const { log, flush, giveUp } = await createLog(config.LOG_LEVEL);
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'an error that nobody caught');
    process.exit(1);
  });
  const prompt = loadPrompt(config.PROMPT_VERSION);
  const metrics = createMetrics();
  const storage = openStorage(config.DATABASE_URL, { onCommit: metrics.observeCommit });
  const limiter = createConcurrencyLimiter({
    concurrency: config.LLM_MAX_CONCURRENCY,
    maxQueueSize: config.LLM_MAX_QUEUE,
  });
  const timeoutMs = config.PROCESS_TIMEOUT_MS;
  const llm = createLlmClient(config, metrics);
  const processor = createProcessor({ runs: storage.runs, llm, prompt, limiter, timeoutMs, log });
  metrics.watch({ limiter: limiter.stats, processor: processor.stats, tickets: storage.tickets.countByStatus });
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  const app = await buildApp(
    { ...storage, processor },
    {
      logger: log,
      version,
      metrics,
      apiKeys: config.API_KEYS,
      metricsKey: config.METRICS_KEY,
      allowAnonymous: config.ALLOW_ANONYMOUS,
      trustProxy: config.TRUST_PROXY,
      rateLimits: { perMinute: config.RATE_LIMIT_PER_MINUTE, processPerMinute: config.PROCESS_RATE_LIMIT_PER_MINUTE },
    },
  );

  const settings = process.stdout.isTTY ? nonDefaultSettings(config) : redactConfig(config);
  log.info({ version, config: settings, migrations: storage.appliedMigrations }, 'start');
  for (const { name, setting } of findMisspelledSettings(environment)) {
    log.warn(`${name} is not a setting; did you mean ${setting}?`);
  }
  if (config.LLM_PROVIDER === 'offline') log.warn('the built-in offline model answers, not a language model');
  await processor.heartbeat();
  const heartbeat = setInterval(processor.heartbeat, LEASE_MS / 5);
  installSignalHandlers(
    async () => {
      await closeGracefully(app, processor, config.SHUTDOWN_GRACE_MS);
      clearInterval(heartbeat);
      storage.close();
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
    throw new StartupError(`${formatError(isPort ? 'PORT' : 'HOST')} (${code})`);
  }
}

function createLlmClient(config: Config, { registry }: Metrics): LlmClient {
  const isOffline = config.LLM_PROVIDER === 'offline';
  const { call, attempt } = modelMetrics(registry, {
    provider: config.LLM_PROVIDER,
    model: isOffline ? OFFLINE_MODEL : config.OPENAI_MODEL,
    promptVersion: config.PROMPT_VERSION,
  });
  if (isOffline) return call(attempt(createOfflineClient()));
  const model = createOpenAIClient({
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
  process.stderr.write(`${error instanceof StartupError ? error.message : applySourceMap(error.stack)}\n`);
  process.exit(1);
});
