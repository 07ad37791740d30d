import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import type { DateRange } from '../schemas/date.ts';
import { USAGE_GROUPS, type UsageGroupName } from '../schemas/usage.ts';
import { openUsageReader } from '../storage/open.ts';
import type { UsageRepository } from '../storage/types.ts';
import { parseRange } from './usage/range.ts';
import { readReport } from './usage/report.ts';
import { formatTable } from './usage/table.ts';

const USAGE = `Usage: npm run usage -- [--from DATE] [--to DATE] [--group-by GROUP | --html FILE]

Prints the runs in the database of DATABASE_URL by day: their status, tokens, cost and latency. Servers may keep
running.

  --from DATE       first date (UTC), for example 2026-02-01; default: 29 days before the last one
  --to DATE         last date, inclusive; default: today
  --group-by GROUP  ${USAGE_GROUPS.join(', ')}; default: day
  --html FILE       writes a page with charts per day and per prompt version instead, and replaces FILE if it exists;
                    a relative path is relative to the project's folder

Days before the first run are left out. A cost or a latency that is not known is "-".
Exit code: 0 if the report is complete, otherwise 1.
`;

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      'group-by': { type: 'string' },
      html: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { html: file, 'group-by': groupBy } = values;
  if (file !== undefined && groupBy !== undefined) throw new Error('--html and --group-by exclude each other');
  const range = parseRange(values);
  const group = parseGroup(groupBy ?? 'day');
  const { DATABASE_URL } = loadConfig({ DATABASE_URL: readEnvironment().DATABASE_URL });
  const { usage, close } = await openUsageReader(DATABASE_URL);
  try {
    if (file === undefined) {
      process.stdout.write(formatTable(await readReport(usage, range, group), process.stdout));
    } else {
      await writePage(file, usage, range);
    }
  } finally {
    await close();
  }
}

async function writePage(file: string, usage: UsageRepository, range: DateRange): Promise<void> {
  const { createPage } = await import('./usage/page.ts'); // the table does not need to wait for the chart library
  writeFileSync(file, await createPage(usage, range));
  process.stdout.write(`Wrote ${file}.\n`);
}

function parseGroup(text: string): UsageGroupName {
  const group = USAGE_GROUPS.find((name) => name === text);
  if (!group) throw new Error(`--group-by must be one of ${USAGE_GROUPS.join(', ')}`);
  return group;
}

run().catch((error) => {
  process.stderr.write(`No report: ${error.message}\n`);
  process.exitCode = 1;
});
