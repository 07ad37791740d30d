import { styleText } from 'node:util';
import type { UsageTotal } from '../../schemas/usage.ts';
import { terminalColumns } from './columns.ts';
import { countRuns, type UsageReport } from './report.ts';

/** A stream of a terminal has columns; a file or a pipe has none. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

const DEFAULT_WIDTH = 100;
const MIN_BAR_WIDTH = 5;
const MAX_BAR_WIDTH = 40;
const GAP = '  ';

/** Returns the report as a table with a bar for each group, as wide as the output. */
export function formatTable({ range, groupBy, data, total }: UsageReport, output: Output): string {
  if (data.length === 0) return `There are no runs from ${range.from} to ${range.to}.\n`;
  const columns = terminalColumns(total);
  const cells = [
    [groupBy, ...columns.map(({ title }) => title)],
    ...data.map((group) => [group.group ?? '(none)', ...columns.map(({ format }) => format(group))]),
    ['total', ...columns.map(({ format }) => format(total))],
  ];
  const lines = alignCells(cells);
  const bars = createBars(data, total, (output.columns ?? DEFAULT_WIDTH) - (lines[0]?.length ?? 0), output);
  const style = (format: 'bold' | 'cyan', text: string) => styleText(format, text, { stream: output });
  return [
    `Runs from ${range.from} to ${range.to} (UTC)`,
    '',
    style('bold', `${lines[0]}${bars ? GAP + bars.title : ''}`),
    ...data.map((_, index) => (lines[index + 1] + (bars ? GAP + style('cyan', bars.bars[index] ?? '') : '')).trimEnd()),
    style('bold', lines.at(-1) ?? ''),
    '',
  ].join('\n');
}

/** Aligns the first column to the left and numbers to the right. */
function alignCells(rows: string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map(([name = '', ...numbers]) =>
    [name.padEnd(widths[0] ?? 0), ...numbers.map((number, index) => number.padStart(widths[index + 1] ?? 0))].join(GAP),
  );
}

/** Bars of the cost, or of the number of runs where no cost is known; undefined if there is no room. */
function createBars(data: UsageTotal[], total: UsageTotal, room: number, { isTTY }: Output) {
  const width = Math.min(room - GAP.length, MAX_BAR_WIDTH);
  if (width < MIN_BAR_WIDTH) return undefined;
  const hasCost = (total.cost_usd ?? 0) > 0;
  const values = data.map((group) => (hasCost ? (group.cost_usd ?? 0) : countRuns(group)));
  const scale = width / Math.max(...values);
  const symbol = isTTY ? '█' : '#';
  return {
    title: hasCost ? 'cost' : 'runs',
    bars: values.map((value) => symbol.repeat(value > 0 ? Math.max(1, Math.round(value * scale)) : 0)),
  };
}
