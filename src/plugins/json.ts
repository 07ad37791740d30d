import { AppError } from '../errors.ts';

/** Rejects invalid UTF-8, which would otherwise be stored as U+FFFD, and skips a BOM. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws AppError `invalid_json` with the position of the first error and nothing of the text itself. */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw invalidJson('the body is empty');
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw invalidJson('the body is not valid UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw invalidJson(`the body is not valid JSON: ${describePosition(text, errorOffset(text))}`);
  }
}

const invalidJson = (detail: string) =>
  new AppError('invalid_json', detail, { errors: [{ loc: ['body'], msg: detail }] });

function describePosition(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  const position = `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
  return offset === text.length ? `it ends too early, at ${position}` : `unexpected character at ${position}`;
}

/** Offset of the first character that makes a text invalid JSON; its length if it ends too early. */
function errorOffset(text: string): number {
  const offset = reportedOffset(text);
  if (offset !== undefined) return offset;
  // V8 reports no position for an unexpected token. The longest beginning without an error ends before it.
  let [valid, invalid] = [0, text.length];
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (reportedOffset(text.slice(0, middle)) === middle) valid = middle;
    else invalid = middle;
  }
  return valid;
}

/** The offset in V8's error message, if any; the length of the text if it is valid or ends too early. */
function reportedOffset(text: string): number | undefined {
  try {
    JSON.parse(text);
    return text.length;
  } catch (error) {
    const { message } = error as SyntaxError;
    if (message === 'Unexpected end of JSON input') return text.length;
    // Anchored, because other messages quote the text.
    const position = /in JSON at position (\d+) \(line \d+ column \d+\)$/.exec(message)?.[1];
    return position === undefined ? undefined : Number(position);
  }
}
