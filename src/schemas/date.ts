/** Whether a text is a date of the calendar since 1970, as `2026-02-17`. */
export function isDate(text: string): boolean {
  if (!/^(?:19[7-9]|[2-9]\d\d)\d-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(text);
  // `Date` reads 2026-02-30 as 2026-03-02.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const DATE_TIME = /^(.{10})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Whether a text is such a date, or a date-time of RFC 3339, as `2026-02-17T16:35:05Z`. */
export function isDateOrTime(text: string): boolean {
  const date = DATE_TIME.exec(text)?.[1] ?? text;
  // An offset may lead out of the years from 1970 to 9999.
  return isDate(date) && isDate(new Date(text).toISOString().slice(0, 10));
}

/** The formats of requests, for Ajv. */
export const FORMATS = { date: isDate, 'date-or-time': isDateOrTime };
const DAY_MS = 24 * 3600 * 1000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 3660;

/** UTC dates, inclusive. */
export interface DateRange {
  from: string;
  to: string;
}

/** Completes a range: it ends today in UTC, and has 30 days. */
export function completeRange({ from, to = toDate(Date.now()) }: { from?: string; to?: string }): DateRange {
  return { from: from ?? addDays(to, 1 - DEFAULT_DAYS), to };
}

/** What is wrong with `from`; undefined if the range can be used. */
export function findRangeError({ from, to }: DateRange): string | undefined {
  if (from > to) return 'must not be after to';
  return from <= addDays(to, -MAX_DAYS) ? `must be less than ${MAX_DAYS} days before to` : undefined;
}

/** Every date of a range. */
export function listDates({ from, to }: DateRange): string[] {
  const count = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  return Array.from({ length: count }, (_, index) => addDays(from, index));
}

const toDate = (time: number) => new Date(time).toISOString().slice(0, 10);
const addDays = (date: string, days: number) => toDate(Date.parse(date) + days * DAY_MS);
