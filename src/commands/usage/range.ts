import { completeRange, type DateRange, findRangeError, isDate } from '../../schemas/date.ts';

/**
 * Returns the range of the two options, with the defaults of `GET /usage`.
 *
 * @throws Error if an option is not a date, or the range cannot be used.
 */
export function parseRange({ from, to }: { from?: string; to?: string }): DateRange {
  if (from !== undefined && !isDate(from)) throw new Error('--from must be a date such as 2026-02-17');
  if (to !== undefined && !isDate(to)) throw new Error('--to must be a date such as 2026-02-17');
  const range = completeRange({ from, to });
  const error = findRangeError(range);
  if (error) throw new Error(`--from ${error}: ${range.from} to ${range.to}`);
  return range;
}
