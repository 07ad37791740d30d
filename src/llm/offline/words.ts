/** `<p>`, `<a href="…">`, `</p>`, `<!-- … -->`; not `<anna@example.com>` nor `<https://example.com>`. */
const TAG = /<(?:\/?[a-z][a-z0-9]*(?:\s[^<>]*)?\/?|![^<>]*)>/gi;

/** A text without lone surrogates, which cannot be stored, and HTML tags, whose attributes are nobody's words. */
export const plainText = (text: string) =>
  text
    .toWellFormed()
    .replace(TAG, ' ')
    .replace(/&nbsp;/gi, ' ');

/** On one line, without control characters; empty if there is nothing to see (spaces, zero-width characters). */
export function tidy(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return /[^\p{C}\p{Z}]/u.test(line) ? line : '';
}

/** Different spellings of the same thing, so that the vocabulary needs only one of them. */
const SPELLINGS: [RegExp, string][] = [
  [/[’‘ʼ`´]/g, "'"],
  [/\b(do|does|did|is|are|was|were|has|have|had|would|could|should)n'?t\b/g, '$1 not'],
  [/\bcan(?:not|'t|t)\b/g, 'can not'],
  [/\bwon't\b/g, 'will not'],
  [/'d\b/g, ' would'],
  [/'(?:s|m|re|ve|ll)\b/g, ''],
  [/\be-mail/g, 'email'],
  [/\b(log|sign)-?(in|on|out)\b/g, '$1 $2'],
  [/\p{Sc}/gu, ' money '],
];

/** Words that may stand inside a phrase without changing it. */
const FILLERS = new Set(
  'a an the my our your his their its this that these those to just still even really also'.split(' '),
);

/** UTF-16 code units, all of the longest ticket. A bound, because NFKC can make one character eighteen (U+FDFA). */
const MAX_LENGTH = 40_000;

/** The words of a text in one spelling, without fillers; also for scripts that put no spaces between words. */
export function wordsOf(text: string, segmenter: Intl.Segmenter): string[] {
  let usual = text.normalize('NFKC').slice(0, MAX_LENGTH).toLowerCase();
  for (const [spelling, replacement] of SPELLINGS) usual = usual.replace(spelling, replacement);
  return Array.from(segmenter.segment(usual))
    .filter(({ segment, isWordLike }) => isWordLike && !FILLERS.has(segment))
    .map(({ segment }) => segment);
}
