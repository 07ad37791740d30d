import { normalizeWhitespace } from './words.ts';

/** Summary of a text without visible characters. */
const EMPTY_SUMMARY = '(no readable text)';

/** In code points: the schema's limit, and the limit for a summary of two sentences. */
const MAX_LENGTH = 600;
const COMFORTABLE_LENGTH = 300;

/** Sentences that are scored. The limit bounds the time; what matters rarely comes later. */
const MAX_SENTENCES = 200;

/** "Hi team," at the beginning of a sentence. */
const GREETING =
  /^(?:hi|hello|hey|dear|greetings|good (?:morning|day|afternoon|evening)|hallo|guten (?:tag|morgen|abend)|sehr geehrter?|bonjour|bonsoir|hola|buen[oa]s (?:días|tardes|noches)|olá|bo[am] (?:dia|tarde|noite))(?: sir or madam| damen und herren)?(?: [\p{L}'-]+){0,2} ?(?:[,!:.]+|$) ?/iu;

/** "Kind regards," or "Thanks a lot!". A short line without a full stop after it is a name. */
const CLOSING =
  /^(?:(?:(?:many )?thanks|thank you|thx|cheers|sincerely|(?:with )?(?:kind|best|warm) (?:regards|wishes)|regards|sent from my)\b.{0,30}|(?:yours|best)(?: [a-z]+)?,?)$/iu;

/** A line break that a mail program inserted: after a long line, before a lower-case letter. */
const SOFT_BREAK = /(?<=[^\n]{50})\r?\n(?=\p{Ll})/gu;

export interface Segmenters {
  sentence: Intl.Segmenter;
  word: Intl.Segmenter;
  grapheme: Intl.Segmenter;
}

/**
 * The one or two sentences with the highest scores, unchanged and in their order; 1 to 600 code points.
 *
 * @param scoreOf how much a sentence says about the ticket's category
 */
export function summarize(text: string, segmenters: Segmenters, scoreOf: (sentence: string) => number): string {
  const sentences = sentencesOf(text, segmenters.sentence);
  const ranked = sentences
    .map((sentence, position) => ({ sentence, position, score: scoreOf(sentence) + positionScore(sentence, position) }))
    .sort((a, b) => b.score - a.score || a.position - b.position);
  const best = ranked.slice(0, 2).sort((a, b) => a.position - b.position);
  const pair = best.map(({ sentence }) => sentence).join(' ');
  const summary = countCodePoints(pair) <= COMFORTABLE_LENGTH ? pair : ranked[0]?.sentence;
  return truncate(summary || normalizeWhitespace(text), segmenters) || EMPTY_SUMMARY;
}

/** Early sentences score higher, and very short ones lower. */
const positionScore = (sentence: string, position: number) =>
  2 / (1 + position) + Math.min(countCodePoints(sentence), 30) / 10;

/** The distinct sentences, without greetings, closing formulas and names. */
function sentencesOf(text: string, segmenter: Intl.Segmenter): string[] {
  const sentences = new Set<string>();
  let isClosing = false;
  for (const { segment } of segmenter.segment(text.replace(SOFT_BREAK, ' '))) {
    const sentence = normalizeWhitespace(segment).replace(GREETING, '');
    if (!/[\p{L}\p{N}]/u.test(sentence)) continue;
    const isName: boolean = isClosing && countCodePoints(sentence) <= 40 && !/[.!?。]$/u.test(sentence);
    isClosing = isName || CLOSING.test(sentence);
    if (!isClosing) sentences.add(sentence);
    if (sentences.size === MAX_SENTENCES) break;
  }
  return [...sentences];
}

/**
 * At most 600 code points. Ends with a whole word, or with a whole grapheme if the last word takes more than half of
 * the text. Empty if the first grapheme alone is too long.
 */
function truncate(text: string, { word, grapheme }: Segmenters): string {
  if (countCodePoints(text) <= MAX_LENGTH) return text;
  const graphemes = grapheme.segment(text);
  let remaining = MAX_LENGTH - 1; // one for the ellipsis
  let end = 0;
  for (const { segment, index } of graphemes) {
    end = index;
    remaining -= countCodePoints(segment);
    if (remaining < 0) break;
  }
  const wordStart = word.segment(text).containing(end)?.index ?? end;
  // In some scripts a word boundary can be inside a grapheme.
  const cleanStart = graphemes.containing(wordStart)?.index ?? end;
  const kept = text.slice(0, cleanStart > end / 2 ? cleanStart : end).trimEnd();
  return kept && `${kept}…`;
}

const countCodePoints = (text: string) => [...text].length;
