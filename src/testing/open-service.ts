import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { type AppOptions, buildApp } from '../app.ts';
import { createOpenAIClient, type OpenAIOptions } from '../llm/openai/client.ts';
import { createCostCalculator } from '../llm/prices.ts';
import { withRetries } from '../llm/retry.ts';
import { instrumentCosts, instrumentLlmClient } from '../observability/llm-metrics.ts';
import { createMetrics } from '../observability/metrics.ts';
import { LIMITS, type Limits } from '../plugins/limits.ts';
import type { BackgroundRetryOptions } from '../processing/background-retry.ts';
import { createBatchWorker } from '../processing/batch-worker.ts';
import { createConcurrencyLimiter } from '../processing/concurrency-limiter.ts';
import { createEnqueuer } from '../processing/enqueue.ts';
import { createProcessor } from '../processing/processor.ts';
import { createQueue } from '../processing/queue.ts';
import type { ModelPrices } from '../schemas/model-prices.ts';
import { openStorage } from '../storage/open.ts';
import { writeEmptyDatabase } from './empty-database.ts';
import { startProvider } from './provider.ts';

export interface ServiceOptions {
  /** DATABASE_URL; a file in the folder by default. */
  database?: string;
  api?: 'responses' | 'chat';
  /** Further options of the provider's client. */
  openai?: Partial<OpenAIOptions>;
  maxAttempts?: number;
  attemptTimeoutMs?: number;
  timeoutMs?: number;
  concurrency?: number;
  maxQueueSize?: number;
  leaseMs?: number;
  /** Background runs at once. Default: half of `concurrency`. */
  backgroundConcurrency?: number;
  background?: Partial<BackgroundRetryOptions>;
  dailyBudgetUsd?: number;
  prices?: ModelPrices;
  limits?: Partial<Limits>;
  app?: Partial<AppOptions>;
}

/** Dollars per million tokens of the models that the test provider names. */
export const PRICES = { 'gpt-4o-mini-2024-07-18': { input: 0.15, cached_input: 0.075, output: 0.6 } };

export const PROMPT = { version: 'v1', system: 'You prepare tickets.' };

/** The whole service without its process: the app on a database and a provider that it calls. */
export async function openService(folder: string, options: ServiceOptions = {}) {
  const { api = 'responses', maxAttempts = 1, attemptTimeoutMs = 20_000, timeoutMs = 60_000 } = options;
  const { concurrency = 64, maxQueueSize = 1000, leaseMs = 10_000 } = options;
  const file = join(folder, 'app.db');
  const { database = file } = options;
  if (database === file && !existsSync(file)) writeEmptyDatabase(file);
  const log: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
  const provider = await startProvider();
  const metrics = createMetrics({ version: '0.0.0' });
  const store = await openStorage(database, { leaseMs, onCommit: metrics.observeCommit });
  const openai = createOpenAIClient({
    apiKey: 'sk-test',
    baseURL: provider.url,
    model: 'gpt-test',
    api,
    connections: concurrency,
    ...options.openai,
  });
  const labels = { provider: 'openai', model: 'gpt-test', promptVersion: 'v1' };
  const llm = instrumentLlmClient(
    withRetries(openai, { maxAttempts, attemptTimeoutMs, backoffMs: 20 }),
    metrics.registry,
    labels,
  );
  const limiter = createConcurrencyLimiter({ concurrency, maxQueueSize });
  const processor = createProcessor({
    runs: store.runs,
    queuedRuns: store.queuedRuns,
    llm,
    prompt: PROMPT,
    provider: 'openai',
    model: 'gpt-test',
    costOf: instrumentCosts(
      createCostCalculator({ baseURL: provider.url, model: 'gpt-test', prices: options.prices ?? PRICES }),
      metrics.registry,
      labels,
    ),
    dailyBudgetUsd: options.dailyBudgetUsd,
    limiter,
    timeoutMs,
    background: { maxRuns: 5, ...options.background },
    log: logger,
  });
  const { backgroundConcurrency = Math.ceil(concurrency / 2) } = options;
  const queue = createQueue({ processor, limiter, concurrency: backgroundConcurrency, log: logger });
  const enqueue = createEnqueuer({
    runs: store.runs,
    queuedRuns: store.queuedRuns,
    queue,
    maxWaitMs: timeoutMs,
    shutdown: new AbortController().signal,
  });
  const batchWorker = createBatchWorker({ batches: store.batches, tickets: store.tickets, queue, log: logger });
  queue.start();
  batchWorker.start();
  const app = await buildApp(
    { ...store, processor, enqueue, queue, batchWorker },
    {
      logger,
      version: '0.0.0',
      metrics,
      apiKeys: [],
      allowAnonymous: false,
      trustProxy: [],
      rateLimits: { perMinute: 0, processPerMinute: 0 },
      autoProcess: false,
      limits: { ...LIMITS, eventLoopDelay: 0, ...options.limits }, // 0: off, because the machine may be busy
      ...options.app,
    },
  );

  metrics.registerCollectors({
    limiter: limiter.stats,
    processor: processor.stats,
    queue: queue.stats,
    queuedRuns: store.queuedRuns,
    tickets: store.tickets.countByStatus,
    budget: options.dailyBudgetUsd,
    costOfDay: store.usage.costOfDay,
  });

  return {
    app,
    processor,
    provider,
    queue,
    store,
    /** Its DATABASE_URL: by default the path of a file. */
    database,
    /** The lines of the log as they are written. */
    log,
    /** The lines of the log with this message. */
    logged: (msg: string) => log.map((line) => JSON.parse(line)).filter((line) => line.msg === msg),
    create: async (raw_text = 'I cannot login to my account. Please help.') =>
      (await app.inject({ method: 'POST', url: '/tickets', payload: { raw_text } })).json(),
    process: (id: number, query = '') => app.inject({ method: 'POST', url: `/tickets/${id}/process${query}` }),
    read: async (path: string) => (await app.inject(path)).json(),
    async close() {
      await queue.stop();
      await batchWorker.stop();
      await app.close();
      await provider.close();
      await store.close();
    },
  };
}
