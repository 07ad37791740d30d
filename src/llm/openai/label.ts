/** A name or an id that a provider gave, as it is stored and shown; null if it is none. */
export const label = (value: unknown): string | null =>
  typeof value === 'string' && /^[\x21-\x7e]{1,200}$/.test(value) ? value : null;
