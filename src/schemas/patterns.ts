/** Each letter of these words in either case; spelled out, because JSON Schema's patterns know no flags. */
const anyCase = (words: string) => words.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);

const TRUE = anyCase('true|1|yes|on|t|y');
const FALSE = anyCase('false|0|no|off|f|n');

export const DIGITS = '^[0-9]+$';

/** The words that the Python app takes for a boolean. */
export const BOOLEAN = `^(?:${TRUE}|${FALSE})$`;
export const IS_TRUE = new RegExp(`^(?:${TRUE})$`);

/**
 * Text that SQLite gives back as it was: no U+0000 (SQLite's own functions stop there) and no lone surrogate
 * (it would come back as U+FFFD). JSON Schema's patterns are matched by code point, so emoji pass.
 */
export const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';

/** What a client is told whose text does not match. */
export const PATTERN_MESSAGES: Record<string, string> = {
  [DIGITS]: 'must be digits',
  [BOOLEAN]: 'must be true, 1, yes, on, t, y, or false, 0, no, off, f, n',
  [STORABLE]: 'must not contain U+0000 or half of a surrogate pair',
};
