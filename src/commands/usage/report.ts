import { type DateRange, listDates } from '../../schemas/date.ts';
import type { UsageGroup, UsageGroupName, UsageTotal } from '../../schemas/usage.ts';
import type { UsageRepository } from '../../storage/types.ts';
import { summarizeUsage } from '../../storage/usage-report.ts';

export interface UsageReport {
  range: DateRange;
  groupBy: UsageGroupName;
  data: UsageGroup[];
  total: UsageTotal;
}

/** Runs that failed on a day with the same error code. */
export interface Failures {
  day: string;
  errorCode: string;
  runs: number;
}

/** Sums of each group, and of all. Grouped by day, it has every day from the first run to the end of the range. */
export async function readReport(
  usage: UsageRepository,
  range: DateRange,
  groupBy: UsageGroupName,
): Promise<UsageReport> {
  const { data, total } = await usage.report({ ...range, groupBy });
  return { range, groupBy, data: groupBy === 'day' ? addIdleDays(data, range.to) : data.sort(byName), total };
}

/** Reads day by day, because a report has one grouping. */
export async function readFailures(usage: UsageRepository, { data }: UsageReport): Promise<Failures[]> {
  const failures: Failures[] = [];
  for (const { group, runs } of data) {
    if (runs.failed === 0) continue;
    const day = group as string;
    const { data: errors } = await usage.report({ from: day, to: day, groupBy: 'error_code' });
    for (const error of errors) {
      if (error.runs.failed > 0) failures.push({ day, errorCode: error.group ?? 'unknown', runs: error.runs.failed });
    }
  }
  return failures;
}

export const countRuns = ({ runs }: UsageTotal) => Object.values(runs).reduce((sum, count) => sum + count, 0);

/** v2 comes before v10. */
const byName = (a: UsageGroup, b: UsageGroup) => (a.group ?? '').localeCompare(b.group ?? '', 'en', { numeric: true });

function addIdleDays(data: UsageGroup[], to: string): UsageGroup[] {
  const first = data[0]?.group;
  if (!first) return [];
  const byDay = new Map(data.map((group) => [group.group, group]));
  return listDates({ from: first, to }).map((day) => byDay.get(day) ?? { group: day, ...NO_USAGE });
}

const NO_USAGE = summarizeUsage([]).total;
