/** One year: longer than any run, and a number that every client can read. */
const MAX_RETRY_AFTER_MS = 365 * 24 * 3600 * 1000;

/**
 * The wait that a provider asks for, in ms: `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110).
 * Undefined if there is none, or if it is invalid or over.
 */
export function parseRetryAfter(headers: Headers | undefined): number | undefined {
  const retryAfter = headers?.get('retry-after') ?? '';
  const waitMs = [
    toNumber(headers?.get('retry-after-ms') ?? ''),
    toNumber(retryAfter) * 1000,
    toTime(retryAfter) - Date.now(),
  ].find((ms) => ms > 0);
  return waitMs && Math.min(waitMs, MAX_RETRY_AFTER_MS);
}

const toNumber = (text: string) => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN);

/** HTTP dates begin with a weekday. `Date.parse` alone would accept almost any text. */
const toTime = (text: string) => (/^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN);
