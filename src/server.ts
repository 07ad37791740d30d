import './check-node.cjs';

import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApp } from './app.ts';
import { nonDefaultSettings, redactConfig } from './config/describe.ts';
import { type Config, formatError, loadConfig, readEnvironment } from './config/load.ts';
import { findMisspelledSettings } from './config/misspelled.ts';
import { StartupError } from './errors.ts';
import type { LlmClient } from './llm/client.ts';
import { createOfflineClient, OFFLINE_MODEL } from './llm/offline/client.ts';
import { createOpenAIClient, OPENAI_API_URL } from './llm/openai/client.ts';
import { type CostOf, createCostCalculator } from './llm/prices.ts';
import { loadPrompt } from './llm/prompts.ts';
import { withRetries } from './llm/retry.ts';
import { instrumentLlmClient } from './observability/llm-metrics.ts';
import { createLogger } from './observability/logger.ts';
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
  const { log, flush, discardPending } = await createLogger(config.LOG_LEVEL);
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'uncaught error');
    process.exit(1);
  });

  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  const metrics = createMetrics({ version });
  const storage = openStorage(config.DATABASE_URL, { onCommit: metrics.observeCommit });
  const limiter = createConcurrencyLimiter({
    concurrency: config.LLM_MAX_CONCURRENCY,
    maxQueueSize: config.LLM_MAX_QUEUE,
  });
  const processor = createProcessor({
    runs: storage.runs,
    llm: createLlmClient(config, metrics),
    prompt: loadPrompt(config.PROMPT_VERSION),
    provider: config.LLM_PROVIDER,
    model: modelOf(config),
    costOf: createCostOf(config),
    limiter,
    timeoutMs: config.PROCESS_TIMEOUT_MS,
    log,
  });
  metrics.registerCollectors({
    limiter: limiter.stats,
    processor: processor.stats,
    tickets: storage.tickets.countByStatus,
  });
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

  logStart(log, { version, migrations: storage.appliedMigrations, config, environment });
  await processor.heartbeat();
  const heartbeat = setInterval(processor.heartbeat, LEASE_MS / 5);
  const shutdown = async () => {
    await closeGracefully(app, processor, config.SHUTDOWN_GRACE_MS);
    clearInterval(heartbeat);
    storage.close();
    log.info('stopped');
    await flush();
    process.exit(0); // a connection to the provider that is being opened would keep the process alive for seconds
  };
  installSignalHandlers(shutdown, { log, discardPending });
  await listen(app, config);
}

interface StartInfo {
  version: string;
  migrations: string[];
  config: Config;
  environment: NodeJS.ProcessEnv;
}

function logStart(log: Logger, { version, migrations, config, environment }: StartInfo): void {
  const settings = process.stdout.isTTY ? nonDefaultSettings(config) : redactConfig(config);
  log.info({ version, config: settings, migrations }, 'start');
  for (const { name, setting } of findMisspelledSettings(environment)) {
    log.warn(`${name} is not a setting; did you mean ${setting}?`);
  }
  if (config.LLM_PROVIDER === 'offline') log.warn('the built-in offline model answers, not a language model');
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

const modelOf = ({ LLM_PROVIDER, OPENAI_MODEL }: Config) => (LLM_PROVIDER === 'offline' ? OFFLINE_MODEL : OPENAI_MODEL);

const createCostOf = ({ LLM_PROVIDER, OPENAI_BASE_URL }: Config): CostOf =>
  LLM_PROVIDER === 'offline' ? async () => 0 : createCostCalculator({ baseURL: OPENAI_BASE_URL ?? OPENAI_API_URL });

function createLlmClient(config: Config, { registry }: Metrics): LlmClient {
  const isOffline = config.LLM_PROVIDER === 'offline';
  const client = isOffline
    ? createOfflineClient()
    : createOpenAIClient({
        apiKey: config.OPENAI_API_KEY,
        baseURL: config.OPENAI_BASE_URL,
        model: config.OPENAI_MODEL,
        api: config.OPENAI_API,
        connections: config.LLM_MAX_CONCURRENCY,
      });
  const retrying = withRetries(client, {
    maxAttempts: config.OPENAI_MAX_ATTEMPTS,
    attemptTimeoutMs: config.OPENAI_TIMEOUT_MS,
  });
  return instrumentLlmClient(retrying, registry, {
    provider: config.LLM_PROVIDER,
    model: modelOf(config),
    promptVersion: config.PROMPT_VERSION,
  });
}

start().catch((error) => {
  process.stderr.write(`${error instanceof StartupError ? error.message : applySourceMap(error.stack)}\n`);
  process.exit(1);
});
