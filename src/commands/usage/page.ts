import type { DateRange } from '../../schemas/date.ts';
import type { UsageGroup, UsageTotal } from '../../schemas/usage.ts';
import type { UsageRepository } from '../../storage/types.ts';
import { type Chart, drawChart } from './chart.ts';
import { PAGE_COLUMNS } from './columns.ts';
import { createDayCharts } from './day-charts.ts';
import { formatCost, formatCount, formatLatency, formatTokens } from './format.ts';
import { escapeHtml } from './html.ts';
import { countRuns, type Failures, readFailures, readReport, type UsageReport } from './report.ts';
import { createVersionCharts } from './version-charts.ts';

interface PageData {
  days: UsageReport;
  versions: UsageReport;
  failures: Failures[];
}

/** System colours follow the reader's choice of a light or a dark page. */
const STYLE = `
  :root { color-scheme: light dark; }
  body { margin: 2rem auto; max-width: 84rem; padding: 0 1rem; font: 1rem/1.4 system-ui, sans-serif;
    background: Canvas; color: CanvasText; }
  h1, h2 { margin: 2rem 0 0.5rem; line-height: 1.2; }
  dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; }
  dt { opacity: 0.75; font-size: 0.875rem; }
  dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
  .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(34rem, 100%), 1fr)); gap: 1rem 2rem; }
  figure { margin: 1rem 0; }
  figure svg { font-size: 12px; }
  figure div { --plot-swatch-size: 12px; font-size: 0.8rem; }
  figcaption { font-weight: 600; margin-bottom: 0.5rem; }
  .table { overflow-x: auto; }
  table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; margin-top: 0.5rem; }
  th, td { padding: 0.2rem 0.75rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #8884; }
  th:first-child { text-align: left; }
`;

/** Reads the runs of a range and returns an HTML page that needs no other file, script or font. */
export async function createPage(usage: UsageRepository, range: DateRange): Promise<string> {
  const days = await readReport(usage, range, 'day');
  const versions = await readReport(usage, range, 'prompt_version');
  return formatPage({ days, versions, failures: await readFailures(usage, days) });
}

function formatPage({ days, versions, failures }: PageData): string {
  const { range, total } = days;
  const title = `Runs from ${range.from} to ${range.to}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p>In UTC, as of ${new Date().toISOString().slice(0, 16).replace('T', ' ')}.</p>
${
  days.data.length === 0
    ? '<p>There are no runs.</p>'
    : [
        createSummary(total),
        createSection('Per day', 'day', createDayCharts(days, failures), days),
        createSection('Per prompt version', 'prompt version', createVersionCharts(versions.data), versions),
      ].join('\n')
}
</body>
</html>
`;
}

function createSummary(total: UsageTotal): string {
  const facts = [
    ['runs', formatCount(countRuns(total))],
    ['failed', formatCount(total.runs.failed)],
    ['tokens', formatTokens(total.total_tokens)],
    ['cost', formatCost(total.cost_usd)],
    ['median latency', formatLatency(total.p50_latency_ms)],
    ['95th percentile', formatLatency(total.p95_latency_ms)],
  ];
  return `<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>`;
}

function createSection(title: string, group: string, charts: Chart[], { data, total }: UsageReport): string {
  return `<section>
<h2>${title}</h2>
<div class="charts">
${charts.map(drawChart).join('\n')}
</div>
<details>
<summary>Table</summary>
<div class="table">${createTable(group, data, total)}</div>
</details>
</section>`;
}

function createTable(group: string, data: UsageGroup[], total: UsageTotal): string {
  const cells = (usage: UsageTotal) => PAGE_COLUMNS.map(({ format }) => `<td>${format(usage)}</td>`).join('');
  const row = (name: string, usage: UsageTotal) => `<tr><th scope="row">${escapeHtml(name)}</th>${cells(usage)}</tr>`;
  const titles = [group, ...PAGE_COLUMNS.map((column) => column.title)];
  return `<table>
<thead><tr>${titles.map((title) => `<th scope="col">${title}</th>`).join('')}</tr></thead>
<tbody>
${data.map((usage) => row(usage.group ?? '(none)', usage)).join('\n')}
</tbody>
<tfoot>${row('total', total)}</tfoot>
</table>`;
}
