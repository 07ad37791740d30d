import { cpus, totalmem } from 'node:os';
import { METRICS, type MetricName, type Metrics, type Scenario, type Target } from './scenario.ts';

/** Over all counted rounds. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

export interface ScenarioResult {
  name: string;
  title: string;
  rounds: number;
  /** By candidate. */
  metrics: Record<string, Partial<Record<MetricName, Spread>>>;
  targets: (Target & { ratio: Spread; isMet: boolean })[];
}

export interface Results {
  machine: string;
  scenarios: ScenarioResult[];
}

export function describeMachine(): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const processors = `${cpus().length} × ${cpus()[0]?.model.trim()}`;
  return `${processors}, ${gibibytes} GiB, ${process.platform}, Node.js ${process.versions.node}`;
}

/** Ratios are formed within a round, so that a machine that slows down meanwhile changes little. */
export function summarize({ name, title, targets }: Scenario, rounds: Record<string, Metrics>[]): ScenarioResult {
  const value = (round: Record<string, Metrics>, candidate: string, metric: MetricName) =>
    round[candidate]?.[metric] ?? Number.NaN;
  const metricsOf = (candidate: string, first: Metrics) =>
    (Object.keys(first) as MetricName[]).map((metric) => [
      metric,
      spreadOf(rounds.map((round) => value(round, candidate, metric))),
    ]);
  const candidates = Object.entries(rounds[0] ?? {});
  return {
    name,
    title,
    rounds: rounds.length,
    metrics: Object.fromEntries(candidates.map(([name, first]) => [name, Object.fromEntries(metricsOf(name, first))])),
    targets: targets.map((target) => {
      const { metric, numerator, denominator, atLeast = 0, atMost = Number.POSITIVE_INFINITY } = target;
      const ratio = spreadOf(
        rounds.map((round) => value(round, numerator, metric) / (denominator ? value(round, denominator, metric) : 1)),
      );
      return { ...target, ratio, isMet: ratio.median >= atLeast && ratio.median <= atMost };
    }),
  };
}

function spreadOf(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const round = (value: number) => Number(value.toPrecision(3));
  return {
    median: round((at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2),
    min: round(at(0)),
    max: round(at(last)),
  };
}

const format = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

/** The results as two Markdown tables: the ratios with their targets, then the metrics behind them. */
export function toMarkdown({ machine, scenarios }: Results): string {
  const metricNames = Object.keys(METRICS) as MetricName[];
  return [
    `Measured on ${machine}:`,
    '',
    '| scenario | what happens | ratio | target | median (range) |',
    '|---|---|---|---|---|',
    ...scenarios.flatMap(targetRows),
    '',
    `| scenario | candidate | ${metricNames.map((metric) => METRICS[metric]).join(' | ')} |`,
    `|---|---|${metricNames.map(() => '--:|').join('')}`,
    ...scenarios.flatMap(metricRows),
  ].join('\n');
}

const targetRows = ({ name, title, targets }: ScenarioResult) =>
  targets.map(({ metric, numerator, denominator, atLeast, atMost, ratio, isMet }) => {
    const target = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
    const candidates = denominator ? `${numerator} ÷ ${denominator}` : numerator;
    const actual = `${format(ratio.median)} (${format(ratio.min)}–${format(ratio.max)})${isMet ? '' : ' **missed**'}`;
    return `| ${name} | ${title} | ${METRICS[metric]}: ${candidates} | ${target} | ${actual} |`;
  });

const metricRows = ({ name, metrics }: ScenarioResult) =>
  Object.entries(metrics).map(([candidate, spreads]) => {
    const cells = Object.keys(METRICS).map((metric) => {
      const spread = spreads[metric as MetricName];
      return spread ? format(spread.median) : '';
    });
    return `| ${name} | ${candidate} | ${cells.join(' | ')} |`;
  });
