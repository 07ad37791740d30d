import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** A request as `http_server_request_duration_seconds` counts it. */
export interface ObservedRequest {
  /** The route's pattern; undefined if no route matched. */
  route: string | undefined;
  method: string;
  status: number;
  /** `code` of the problem document; undefined if the request succeeded. */
  errorType: string | undefined;
  seconds: number;
}

/** Numbers that other parts keep. Each scrape reads them. */
export interface Sources {
  limiter: () => { active: number; queued: number };
  processor: () => { coalesced: number; reclaimed: number };
  tickets: () => Promise<Record<string, number>>;
  /** The daily budget in US dollars; undefined without one. */
  budget?: number | undefined;
  costOfDay: (day: string) => Promise<number>;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Other methods share one label value, because clients can invent any number of them. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Gauges of prom-client whose names end in `_total`, which Prometheus reserves for counters. */
const MISNAMED_GAUGES = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** The metrics of this process. HTTP metrics have OpenTelemetry's names, own metrics the prefix `ticket_service_`. */
export function createMetrics({ version }: { version: string }) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED_GAUGES) registry.removeSingleMetric(name);

  new Gauge({
    name: 'ticket_service_build_info',
    help: 'Always 1. The labels describe the running build.',
    labelNames: ['version', 'node_version'],
    registers,
  }).set({ version, node_version: process.version }, 1);

  const requests = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time from a request to the end of its response.',
    labelNames: ['http_route', 'http_request_method', 'http_response_status_code', 'error_type'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    registers,
  });
  const commitWrites = new Histogram({
    name: 'ticket_service_db_commit_writes',
    help: 'Writes per database commit.',
    buckets: [1, 2, 5, 10, 50, 100, 500, 1000],
    registers,
  });
  const commitDurations = new Histogram({
    name: 'ticket_service_db_commit_duration_seconds',
    help: 'Duration of a batch of database writes with its commit.',
    buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    registers,
  });

  return {
    registry,
    observeRequest({ route, method, status, errorType, seconds }: ObservedRequest): void {
      const labels = {
        http_route: route ?? '',
        http_request_method: METHODS.has(method) ? method : '_OTHER',
        http_response_status_code: status,
        error_type: errorType ?? '',
      };
      requests.observe(labels, seconds);
    },
    observeCommit(writes: number, seconds: number): void {
      commitWrites.observe(writes);
      commitDurations.observe(seconds);
    },
    registerCollectors: (sources: Sources) => registerCollectors(registry, sources),
  };
}

function registerCollectors(registry: Registry, { limiter, processor, tickets, budget, costOfDay }: Sources): void {
  const registers = [registry];
  const addGauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const addCounter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });

  addGauge('ticket_service_llm_calls_active', 'Runs that are calling the model.', () => limiter().active);
  addGauge('ticket_service_llm_calls_queued', 'Runs that wait to call the model.', () => limiter().queued);
  addCounter(
    'ticket_service_requests_coalesced_total',
    'Requests that shared the run of another request.',
    () => processor().coalesced,
  );
  addCounter(
    'ticket_service_runs_reclaimed_total',
    'Runs claimed after the lease of another process had expired.',
    () => processor().reclaimed,
  );
  if (budget !== undefined) {
    new Gauge({
      name: 'ticket_service_llm_budget_remaining_usd',
      help: 'What is left of the daily budget in US dollars.',
      registers,
      async collect() {
        this.remove();
        const spent = await costOfDay(new Date().toISOString().slice(0, 10)).catch(() => undefined);
        if (spent !== undefined) this.set(Math.max(0, budget - spent));
      },
    });
  }
  new Gauge({
    name: 'ticket_service_tickets',
    help: 'Tickets in the database.',
    labelNames: ['status'],
    registers,
    async collect() {
      this.reset();
      const counts = await tickets().catch(() => ({})); // the other metrics matter most while the storage is unavailable
      for (const [status, count] of Object.entries(counts)) this.set({ status }, count);
    },
  });
}
