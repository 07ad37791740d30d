import { barX, dot, ruleX, ruleY, text } from '@observablehq/plot';
import type { UsageGroup } from '../../schemas/usage.ts';
import { type Chart, COST_COLOR, countAxis } from './chart.ts';
import { formatCost, formatCount, formatLatency, formatPercent } from './format.ts';
import { countRuns } from './report.ts';
import {
  chooseLatencyUnit,
  createStatusScale,
  LATENCY_SCALE,
  listLatencies,
  listStatuses,
  STATUS_COLORS,
} from './series.ts';

const ROW_HEIGHT = 24;
const MAX_NAME_LENGTH = 20;
const LETTER_WIDTH = 7.5;

/** Charts with a row for each prompt version, so that versions can be compared. */
export function createVersionCharts(data: UsageGroup[]): Chart[] {
  const rows = data.map((usage) => ({ ...usage, group: usage.group ?? '(none)' }));
  const axes = createAxes(rows.map(({ group }) => group));
  return [costChart(rows, axes), runsChart(rows, axes), failuresChart(rows, axes), latencyChart(rows, axes)];
}

type Axes = Pick<Chart, 'height' | 'marginLeft' | 'marginRight' | 'marginTop' | 'marginBottom' | 'y'>;
type Row = UsageGroup & { group: string };

function createAxes(names: string[]): Axes {
  const longest = Math.min(Math.max(...names.map(({ length }) => length)), MAX_NAME_LENGTH);
  return {
    height: 100 + names.length * ROW_HEIGHT,
    marginLeft: 35 + longest * LETTER_WIDTH,
    marginRight: 70,
    marginTop: 30,
    marginBottom: 50,
    y: { type: 'band', domain: names, label: 'Prompt version', labelAnchor: 'top', tickFormat: shorten },
  };
}

const shorten = (name: string) => (name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH - 1)}…` : name);

/** A bar for each version with its value at the end. */
const bars = (rows: Row[], value: (row: Row) => number | null, format: (value: number) => string, fill: string) => [
  barX(rows, { y: 'group', x: value, fill }),
  text(rows, {
    y: 'group',
    x: value,
    text: (row: Row) => format(value(row) ?? 0),
    textAnchor: 'start',
    dx: 4,
  }),
  ruleX([0]),
];

function costChart(rows: Row[], axes: Axes): Chart {
  const costPerResult = ({ cost_usd, runs }: Row) =>
    cost_usd === null || runs.succeeded === 0 ? null : cost_usd / runs.succeeded;
  const costs = rows.map(costPerResult).filter((cost) => cost !== null);
  return {
    title: 'Cost per successful run (US dollars)',
    description: 'The cost of all runs of a prompt version, divided by the number of those that succeeded.',
    emptyText: costs.length === 0 ? 'No cost is known.' : Math.max(...costs) === 0 && 'The runs cost nothing.',
    ...axes,
    x: { label: 'Cost ($)', grid: true, ticks: 5 },
    marks: bars(rows, costPerResult, formatCost, COST_COLOR),
  };
}

function runsChart(data: Row[], axes: Axes): Chart {
  const rows = listStatuses(data);
  const color = createStatusScale(rows);
  return {
    title: 'Runs per prompt version by status',
    description: data.map((row) => `${row.group}: ${formatCount(countRuns(row))}`).join(', '),
    ...axes,
    x: countAxis('Runs', Math.max(...data.map(countRuns))),
    color,
    marks: [
      barX(rows, {
        y: 'group',
        x: 'runs',
        fill: 'status',
        order: color.domain,
        title: ({ group, status, runs }: (typeof rows)[number]) => `${group}: ${formatCount(runs)} ${status}`,
      }),
      ruleX([0]),
    ],
  };
}

function failuresChart(rows: Row[], axes: Axes): Chart {
  const failedShare = ({ runs }: Row) => runs.failed / Math.max(1, runs.failed + runs.succeeded);
  return {
    title: 'Share of runs that failed',
    description: 'Of the runs that succeeded or failed.',
    emptyText: rows.every(({ runs }) => runs.failed === 0) && 'No run has failed.',
    ...axes,
    x: { label: 'Failed (%)', grid: true, percent: true, ticks: 5 },
    marks: bars(rows, failedShare, formatPercent, STATUS_COLORS.failed),
  };
}

function latencyChart(data: Row[], axes: Axes): Chart {
  const rows = listLatencies(data);
  const unit = chooseLatencyUnit(rows);
  return {
    title: 'Latency of successful runs',
    description: 'Median (p50) and 95th percentile (p95).',
    emptyText: rows.every(({ ms }) => ms === null) && 'No latency is known.',
    ...axes,
    x: { label: `Latency (${unit.name})`, grid: true, zero: true, ticks: 5 },
    color: LATENCY_SCALE,
    marks: [
      ruleY(data, {
        y: 'group',
        x1: ({ p50_latency_ms }: Row) => unit.convert(p50_latency_ms),
        x2: ({ p95_latency_ms }: Row) => unit.convert(p95_latency_ms),
        strokeOpacity: 0.4,
      }),
      dot(rows, {
        y: 'group',
        x: ({ ms }: (typeof rows)[number]) => unit.convert(ms),
        fill: 'percentile',
        r: 5,
        title: ({ group, percentile, ms }: (typeof rows)[number]) => `${group}: ${percentile} ${formatLatency(ms)}`,
      }),
      ruleX([0]),
    ],
  };
}
