/** Whether a text is a date of the calendar since 1970, as `2026-02-17`. */
export function isDate(text: string): boolean {
  if (!/^(?:19[7-9]|[2-9]\d\d)\d-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(text);
  // `Date` reads 2026-02-30 as 2026-03-02.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
