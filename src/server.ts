import './check-node.cjs';

import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApp } from './app.ts';
import { nonDefaultSettings, redactConfig } from './config/describe.ts';
import { readEnvironment } from './config/environment.ts';
import { type Config, formatError, loadConfig } from './config/load.ts';
import { findMisspelledSettings } from './config/misspelled.ts';
import { StartupError } from './errors.ts';
import { createLlm } from './llm/create.ts';
import type { CostOf } from './llm/prices.ts';
import { loadPrompt } from './llm/prompts.ts';
import { instrumentCosts, instrumentLlmClient } from './observability/llm-metrics.ts';
import { createLogger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { applySourceMap } from './observability/source-map.ts';
import { createBatchWorker } from './processing/batch-worker.ts';
import { createConcurrencyLimiter } from './processing/concurrency-limiter.ts';
import { createEnqueuer } from './processing/enqueue.ts';
import { createProcessor } from './processing/processor.ts';
import { createQueue } from './processing/queue.ts';
import { startRetention } from './processing/retention.ts';
import { ROOT } from './root.ts';
import { NO_USAGE } from './schemas/result.ts';
import {
  closeGracefully,
  endsWithin,
  FLUSH_TIMEOUT_MS,
  installSignalHandlers,
  RELEASE_TIMEOUT_MS,
} from './shutdown.ts';
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
  const storage = await openStorage(config.DATABASE_URL, {
    onCommit: metrics.observeCommit,
    poolSize: config.DATABASE_POOL_SIZE,
    usePreparedStatements: config.DATABASE_PREPARED_STATEMENTS,
  });
  const limiter = createConcurrencyLimiter({
    concurrency: config.LLM_MAX_CONCURRENCY,
    maxQueueSize: config.LLM_MAX_QUEUE,
  });
  const { client, model, costOf } = createLlm(config);
  const labels = { provider: config.LLM_PROVIDER, model, promptVersion: config.PROMPT_VERSION };
  const processor = createProcessor({
    runs: storage.runs,
    queuedRuns: storage.queuedRuns,
    llm: instrumentLlmClient(client, metrics.registry, labels),
    prompt: loadPrompt(config.PROMPT_VERSION),
    provider: config.LLM_PROVIDER,
    model,
    costOf: instrumentCosts(costOf, metrics.registry, labels),
    dailyBudgetUsd: config.DAILY_BUDGET_USD,
    limiter,
    timeoutMs: config.PROCESS_TIMEOUT_MS,
    background: { maxRuns: config.BACKGROUND_MAX_RUNS },
    log,
  });
  const queue = createQueue({ processor, limiter, concurrency: config.BACKGROUND_CONCURRENCY, log });
  const draining = new AbortController();
  const enqueue = createEnqueuer({
    runs: storage.runs,
    queuedRuns: storage.queuedRuns,
    queue,
    maxWaitMs: config.PROCESS_TIMEOUT_MS,
    shutdown: draining.signal,
  });
  const batchWorker = createBatchWorker({ batches: storage.batches, tickets: storage.tickets, queue, log });
  metrics.registerCollectors({
    limiter: limiter.stats,
    processor: processor.stats,
    queue: queue.stats,
    queuedRuns: storage.queuedRuns,
    tickets: storage.tickets.countByStatus,
    budget: config.DAILY_BUDGET_USD,
    costOfDay: storage.usage.costOfDay,
  });
  const app = await buildApp(
    { ...storage, processor, enqueue, queue, batchWorker },
    {
      logger: log,
      version,
      metrics,
      apiKeys: config.API_KEYS,
      metricsKey: config.METRICS_KEY,
      allowAnonymous: config.ALLOW_ANONYMOUS,
      trustProxy: config.TRUST_PROXY,
      rateLimits: { perMinute: config.RATE_LIMIT_PER_MINUTE, processPerMinute: config.PROCESS_RATE_LIMIT_PER_MINUTE },
      autoProcess: config.AUTO_PROCESS,
    },
  );

  logStart(log, { version, migrations: storage.appliedMigrations, config, environment });
  await processor.heartbeat();
  const heartbeat = setInterval(processor.heartbeat, LEASE_MS / 5);
  queue.start();
  batchWorker.start();
  const stopRetention = config.RETENTION_DAYS
    ? startRetention({ tickets: storage.tickets, days: config.RETENTION_DAYS, log })
    : async () => {};
  const close = async () => {
    await closeGracefully(app, { processor, queue }, config.SHUTDOWN_GRACE_MS);
    await batchWorker.stop();
    await stopRetention();
    clearInterval(heartbeat);
    await storage.close();
  };
  const shutdown = async () => {
    draining.abort();
    const isClosed = await endsWithin(close(), config.SHUTDOWN_GRACE_MS + RELEASE_TIMEOUT_MS);
    if (!isClosed) log.warn('not everything could be released in time; leases expire by themselves');
    log.info('stopped');
    if (!(await endsWithin(flush(), FLUSH_TIMEOUT_MS))) discardPending();
    process.exit(0); // a connection to the provider that is being opened would keep the process alive for seconds
  };
  installSignalHandlers(shutdown, { log, discardPending });
  await listen(app, config);
  await checkBudget(log, config, costOf);
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

/** A budget counts only runs whose cost is known. */
async function checkBudget(log: Logger, config: Config, costOf: CostOf): Promise<void> {
  const { DAILY_BUDGET_USD, LLM_PRICES, OPENAI_MODEL } = config;
  if (DAILY_BUDGET_USD === undefined || Object.keys(LLM_PRICES).length > 0) return;
  const cost = await costOf(undefined, { ...NO_USAGE, input_tokens: 1, output_tokens: 1 }).catch(() => null);
  if (cost === null)
    log.warn(`DAILY_BUDGET_USD may have no effect: the price of ${OPENAI_MODEL} is not known; set LLM_PRICES`);
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

start().catch((error) => {
  process.stderr.write(`${error instanceof StartupError ? error.message : applySourceMap(error.stack)}\n`);
  process.exit(1);
});
