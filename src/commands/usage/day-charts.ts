import { barY, dot, lineY, ruleY } from '@observablehq/plot';
import type { UsageGroup } from '../../schemas/usage.ts';
import { type Chart, COST_COLOR, countAxis } from './chart.ts';
import { formatCost, formatCount, formatLatency } from './format.ts';
import { countRuns, type Failures, type UsageReport } from './report.ts';
import { chooseLatencyUnit, createStatusScale, LATENCY_SCALE, listLatencies, listStatuses } from './series.ts';

const HEIGHT = 260;
const MAX_LABELS = 8;
/** Gaps between more bars, and larger points, would hide them. */
const MANY_DAYS = 60;
const dates = new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' });

/** Charts with a bar or a point for each day. */
export function createDayCharts({ data, total }: UsageReport, failures: Failures[]): Chart[] {
  const axes = createAxes(data);
  return [
    costChart(data, total.cost_usd, axes),
    runsChart(data, axes),
    failuresChart(failures, axes),
    latencyChart(data, axes),
  ];
}

type Axes = Pick<Chart, 'height' | 'marginTop' | 'marginLeft' | 'marginBottom' | 'x'>;

function createAxes(data: UsageGroup[]): Axes {
  const days = data.map(({ group }) => group as string);
  const step = Math.ceil(days.length / MAX_LABELS);
  return {
    height: HEIGHT,
    marginLeft: 60,
    marginTop: 30,
    marginBottom: 45,
    x: {
      type: 'band',
      domain: days,
      label: 'Day (UTC)',
      ticks: days.filter((_, index) => index % step === 0),
      tickFormat: (day: string) => dates.format(new Date(day)),
      round: false,
      padding: days.length > MANY_DAYS ? 0 : 0.1,
    },
  };
}

const costChart = (data: UsageGroup[], total: number | null, axes: Axes): Chart => ({
  title: 'Cost per day (US dollars)',
  description: `Total: ${formatCost(total)}.`,
  emptyText: total === null ? 'No cost is known.' : total === 0 && 'The runs cost nothing.',
  ...axes,
  y: { label: 'Cost ($)', grid: true, nice: true, ticks: 5 },
  marks: [
    barY(data, {
      x: 'group',
      y: 'cost_usd',
      fill: COST_COLOR,
      title: ({ group, cost_usd }: UsageGroup) => `${group}: ${formatCost(cost_usd)}`,
    }),
    ruleY([0]),
  ],
});

function runsChart(data: UsageGroup[], axes: Axes): Chart {
  const rows = listStatuses(data);
  const color = createStatusScale(rows);
  return {
    title: 'Runs per day by status',
    description: `${formatCount(rows.reduce((sum, { runs }) => sum + runs, 0))} runs.`,
    ...axes,
    y: countAxis('Runs', Math.max(...data.map(countRuns))),
    color,
    marks: [
      barY(rows, {
        x: 'group',
        y: 'runs',
        fill: 'status',
        order: color.domain,
        title: ({ group, status, runs }: (typeof rows)[number]) => `${group}: ${formatCount(runs)} ${status}`,
      }),
      ruleY([0]),
    ],
  };
}

function failuresChart(failures: Failures[], axes: Axes): Chart {
  const perDay = [...Map.groupBy(failures, ({ day }) => day).values()];
  const max = Math.max(...perDay.map((rows) => rows.reduce((sum, { runs }) => sum + runs, 0)));
  return {
    title: 'Failed runs per day by error code',
    description: [...new Set(failures.map(({ errorCode }) => errorCode))].join(', '),
    emptyText: failures.length === 0 && 'No run has failed.',
    ...axes,
    y: countAxis('Failed runs', max),
    color: { legend: true },
    marks: [
      barY(failures, {
        x: 'day',
        y: 'runs',
        fill: 'errorCode',
        title: ({ day, errorCode, runs }: Failures) => `${day}: ${formatCount(runs)} ${errorCode}`,
      }),
      ruleY([0]),
    ],
  };
}

function latencyChart(data: UsageGroup[], axes: Axes): Chart {
  const rows = listLatencies(data);
  const unit = chooseLatencyUnit(rows);
  const position = { x: 'group', y: ({ ms }: (typeof rows)[number]) => unit.convert(ms), stroke: 'percentile' };
  return {
    title: 'Latency of successful runs per day',
    description: 'Median (p50) and 95th percentile (p95).',
    emptyText: rows.every(({ ms }) => ms === null) && 'No latency is known.',
    ...axes,
    y: { label: `Latency (${unit.name})`, grid: true, nice: true, zero: true, ticks: 5 },
    color: LATENCY_SCALE,
    marks: [
      lineY(rows, { ...position, z: 'percentile' }),
      dot(rows, {
        ...position,
        r: data.length > MANY_DAYS ? 1 : 2.5,
        fill: 'percentile',
        title: ({ group, percentile, ms }: (typeof rows)[number]) => `${group}: ${percentile} ${formatLatency(ms)}`,
      }),
      ruleY([0]),
    ],
  };
}
