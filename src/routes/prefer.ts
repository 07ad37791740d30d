/** What a request prefers, as in RFC 7240. */
export interface Preferences {
  respondAsync: boolean;
  /** How long the client would wait for the result. */
  waitMs: number;
}

/** Reads a `Prefer` header. Unknown and invalid preferences are ignored; of a repeated one the first counts. */
export function parsePrefer(header: unknown): Preferences {
  const preferences = new Map<string, string>();
  for (const item of typeof header === 'string' ? header.split(',') : []) {
    const [preference = ''] = item.split(';', 1); // parameters after a semicolon are ignored
    const [name = '', value = ''] = preference.split('=', 2).map((part) => part.trim());
    const key = name.toLowerCase();
    if (!preferences.has(key)) preferences.set(key, value.replaceAll('"', ''));
  }
  const wait = preferences.get('wait') ?? '';
  return {
    respondAsync: preferences.has('respond-async'),
    waitMs: /^\d{1,15}$/.test(wait) ? Number(wait) * 1000 : 0,
  };
}
