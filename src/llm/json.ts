/** Readers for values from a provider, which may be anything. */

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The empty object if it is none. */
export const toRecord = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

/** The objects in a list; none if it is no list. */
export const toRecords = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

/** The empty string if it is none. */
export const toText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Undefined if the text is not JSON. The SyntaxError is dropped because its message quotes the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
