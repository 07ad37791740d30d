/** The text on one line without control characters; empty if it has no visible characters. */
export function normalizeWhitespace(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return /[^\p{C}\p{Z}]/u.test(line) ? line : '';
}

/** The start of a sentence that asks for something: "Add a dark mode" becomes "please add a dark mode". */
const REQUEST =
  /(?<=^|[.!?:]\s)(?=(?:add|allow|consider|enable|expose|implement|introduce|let|make|provide|support)\b)/gm;

/** Replacements for different spellings, so that the vocabulary needs only one of them. */
const SPELLINGS: [RegExp, string][] = [
  [/[’‘ʼ`´]/g, "'"],
  [/\b(do|does|did|is|are|was|were|has|have|had|would|could|should)n'?t\b/g, '$1 not'],
  [/\bcan(?:not|'t|t)\b/g, 'can not'],
  [/\bwon't\b/g, 'will not'],
  [/'d\b/g, ' would'],
  [/'(?:s|m|re|ve|ll)\b/g, ''],
  [/\b(?:[cdjlmnst]|qu)'/g, ' '], // French: l'application
  [/ß/g, 'ss'],
  [/\blet (?:me|us) know\b/g, ' '],
  [/\b[a-z]{2,30}(?:error|exception)\b/g, 'exception'], // TypeError
  [REQUEST, 'please '],
  [/\be-mail/g, 'email'],
  [/\b(log|sign)-?(in|on|out)\b/g, '$1 $2'],
  [/\p{Sc}/gu, ' money '],
];

/** Words that do not change the meaning of a phrase. */
const FILLERS = new Set(
  'a an the my our your his their its this that these those to just still even really also'.split(' '),
);

/** UTF-16 code units of the longest ticket. Needed because NFKC can turn one character into eighteen (U+FDFA). */
const MAX_LENGTH = 40_000;

/** The words of a text in a common spelling, without fillers. Also works for scripts without spaces between words. */
export function wordsOf(text: string, segmenter: Intl.Segmenter): string[] {
  let normalized = withoutAccents(text.normalize('NFKC').slice(0, MAX_LENGTH).toLowerCase());
  for (const [spelling, replacement] of SPELLINGS) normalized = normalized.replace(spelling, replacement);
  return Array.from(segmenter.segment(normalized))
    .filter(({ segment, isWordLike }) => isWordLike && !FILLERS.has(segment))
    .map(({ segment }) => segment);
}

/** Many people write without accents. Only of Latin letters: in other scripts, marks make different letters. */
const withoutAccents = (text: string) =>
  text
    .normalize('NFD')
    .replace(/(\p{Script=Latin})\p{M}+/gu, '$1')
    .normalize('NFC');
