/** What is measured, and how the report names it. */
export const METRICS = {
  requestsPerSecond: 'requests/s',
  p50Ms: 'p50 ms',
  p95Ms: 'p95 ms',
  p99Ms: 'p99 ms',
  cpuUs: 'CPU µs/request',
  durationMs: 'ms',
  memoryMiB: 'MiB',
};
export type MetricName = keyof typeof METRICS;
export type Metrics = Partial<Record<MetricName, number>>;

/** A bound on the ratio of two candidates' metrics, or on one candidate's metric. */
export interface Target {
  metric: MetricName;
  /** The candidates. */
  numerator: string;
  denominator?: string;
  atLeast?: number;
  atMost?: number;
}

/** How much is measured. */
export interface Scale {
  seconds: number;
  rounds: number;
  /** Tickets to create before memory is measured. */
  creates: number;
  /** Tickets in the large database. */
  tickets: number;
  /** Tickets in a batch. */
  batch: number;
}

/** By name: measures the candidate once. */
export type Candidates = Record<string, () => Promise<Metrics>>;

export interface Scenario {
  name: string;
  title: string;
  targets: Target[];
  /** Default: the scale's. */
  rounds?: number;
  /** Rounds that are not counted, so that the measured code is compiled; default: 2. */
  warmUpRounds?: number;
  /** Starts the servers. Every round then measures each candidate in turn. */
  setUp(scale: Scale): Promise<Candidates>;
}
