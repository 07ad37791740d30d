/** Times are stored as SQLite's CURRENT_TIMESTAMP writes them, in UTC: `2026-02-17 16:35:05`. */

/** Returns the stored time as `2026-02-17T16:35:05Z`. */
export const fromTimestamp = (timestamp: string) => `${timestamp.slice(0, 10)}T${timestamp.slice(11, 19)}Z`;

/** The reverse of `fromTimestamp`. */
export const toTimestamp = (time: string) => `${time.slice(0, 10)} ${time.slice(11, 19)}`;
