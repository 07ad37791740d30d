/** The part of a text from a brace to the one that closes it. It need not be valid JSON. */
export interface JsonObject {
  start: number;
  end: number;
  text: string;
}

/**
 * Maximum number of characters that are read to find objects, as many as the largest body has. A text of nested or
 * unclosed braces would otherwise take quadratic time.
 */
const MAX_READ = 1024 * 1024;

/** Yields the objects of a text, also nested ones, from the last start to the first. */
export function* findJsonObjects(text: string): Generator<JsonObject> {
  let read = 0;
  for (let start = text.lastIndexOf('{'); start >= 0 && read < MAX_READ; start = lastBraceBefore(text, start)) {
    if (!isFollowedByQuote(text, start)) continue; // a brace in a sentence
    const { end, isClosed } = findEnd(text, start);
    read += end - start;
    if (isClosed) yield { start, end, text: text.slice(start, end) };
  }
}

/** `lastIndexOf` treats a negative position as 0. */
const lastBraceBefore = (text: string, index: number) => (index > 0 ? text.lastIndexOf('{', index - 1) : -1);

/** Every object that is looked for has a field. */
function isFollowedByQuote(text: string, brace: number): boolean {
  const quote = /\s*"/y;
  quote.lastIndex = brace + 1;
  return quote.test(text);
}

/** Finds the brace that closes the one at `start`. Braces in strings do not count. */
function findEnd(text: string, start: number): { end: number; isClosed: boolean } {
  let depth = 0;
  let isString = false;
  for (let i = start; i < text.length; i += 1) {
    const character = text[i];
    if (isString && character === '\\') i += 1;
    else if (character === '"') isString = !isString;
    else if (isString) continue;
    else if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    if (depth === 0) return { end: i + 1, isClosed: true };
  }
  return { end: text.length, isClosed: false };
}
