import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Numbers that their owners keep, read at each scrape. */
export interface Sources {
  /** Model calls that run, and runs that wait for their turn. */
  limiter: () => { active: number; queued: number };
  /** Requests that shared a run instead of making a call, and runs taken over from processes that were gone. */
  processor: () => { coalesced: number; reclaimed: number };
  /** How many tickets there are of each status. */
  tickets: () => Promise<Record<string, number>>;
}

export interface ObservedRequest {
  /** The pattern, not the path; undefined if there is none. */
  route: string | undefined;
  method: string;
  status: number;
  /** The problem document's code. */
  errorType: string | undefined;
  seconds: number;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Methods that have a number of their own; a stranger can invent others without end. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** So many requests are counted at once, because a loop of them takes less time than each between other work. */
const REQUESTS_PER_TURN = 500;

/** What Prometheus reads. Labels take few values, whatever is asked for. */
export function createMetrics() {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    registers,
    collect: countRequests,
  });
  let answered: { route: string; method: string; status: number; seconds: number }[] = [];
  const batches = new Histogram({
    name: 'db_commit_writes',
    help: 'Writes that shared a commit.',
    buckets: [1, 2, 5, 10, 50, 100, 500, 1000],
    registers,
  });
  const commits = new Histogram({
    name: 'db_commit_duration_seconds',
    help: 'Time that a batch of writes took, with its commit.',
    buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    registers,
  });

  return {
    registry,
    observeRequest({ route, method, status, seconds }: ObservedRequest): void {
      answered.push({ route: route ?? 'none', method: METHODS.has(method) ? method : 'other', status, seconds });
      if (answered.length >= REQUESTS_PER_TURN) countRequests();
    },
    observeCommit(writes: number, seconds: number): void {
      batches.observe(writes);
      commits.observe(seconds);
    },
    /** Adds what is read at each scrape. */
    watch({ limiter, processor, tickets }: Sources): void {
      gauge('model_calls_running', 'Model calls under way.', () => limiter().active);
      gauge('model_calls_waiting', 'Runs that wait for their turn to call the model.', () => limiter().queued);
      counter('ticket_requests_joined_total', 'Requests that shared a run: calls saved.', () => processor().coalesced);
      counter('ticket_runs_taken_over_total', 'Runs of processes that were gone.', () => processor().reclaimed);
      new Gauge({
        ...{ name: 'tickets', help: 'Tickets in the database.', labelNames: ['status'], registers },
        async collect() {
          for (const [status, count] of Object.entries(await tickets())) this.set({ status }, count);
        },
      });
    },
  };

  function countRequests(): void {
    for (const { seconds, ...labels } of answered) requests.observe(labels, seconds);
    answered = [];
  }

  function gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read());
      },
    });
  }

  function counter(name: string, help: string, read: () => number): void {
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
}
