const DAYS = 30;

/** UTC dates (`2026-02-17`), inclusive. */
export interface DateRange {
  from: string;
  to: string;
}

/**
 * Returns the range of the two options; by default it has 30 days and ends today.
 *
 * @throws Error if an option is not a date, or `from` is after `to`.
 */
export function parseRange({ from, to }: { from?: string | undefined; to?: string | undefined }): DateRange {
  if (from !== undefined && !isDate(from)) throw new Error('--from must be a date such as 2026-02-17');
  if (to !== undefined && !isDate(to)) throw new Error('--to must be a date such as 2026-02-17');
  const last = to ?? toDate(new Date());
  const first = from ?? addDays(last, 1 - DAYS);
  if (first > last) throw new Error(`--from ${first} is after --to ${last}`);
  return { from: first, to: last };
}

/** Returns every date of a range. */
export function listDays({ from, to }: DateRange): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}

const toDate = (time: Date) => time.toISOString().slice(0, 10);

/** `Date` accepts 2026-02-30 and turns it into a date in March. */
const isDate = (text: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && toDate(new Date(text)) === text;

function addDays(date: string, days: number): string {
  const time = new Date(date);
  time.setUTCDate(time.getUTCDate() + days);
  return toDate(time);
}
