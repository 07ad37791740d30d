import { tidy } from './words.ts';

/** The summary of a text in which there is nothing to read. */
const NOTHING_TO_READ = '(no readable text)';

/** Code points: what the schema allows, and up to where a second sentence is worth its place. */
const MAX_LENGTH = 600;
const COMFORTABLE_LENGTH = 300;

/** Sentences that are looked at: nobody comes to the point later, and it bounds the time. */
const MAX_SENTENCES = 200;

/** "Hi team," at the beginning of a sentence or as all of it. */
const GREETING =
  /^(?:hi|hello|hey|dear|greetings|good (?:morning|day|afternoon|evening))(?: sir or madam)?(?: [\p{L}'-]+){0,2} ?(?:[,!:.]+|$) ?/iu;

/** "Kind regards," and "Thanks a lot!"; what follows it without a full stop is a name. */
const CLOSING =
  /^(?:(?:(?:many )?thanks|thank you|thx|cheers|sincerely|(?:with )?(?:kind|best|warm) (?:regards|wishes)|regards|sent from my)\b.{0,30}|(?:yours|best)(?: [a-z]+)?,?)$/iu;

/** A mail program's line break inside a sentence: after a long line, before a small letter. */
const SOFT_BREAK = /(?<=[^\n]{50})\r?\n(?=\p{Ll})/gu;

export interface Segmenters {
  sentence: Intl.Segmenter;
  word: Intl.Segmenter;
  grapheme: Intl.Segmenter;
}

/**
 * The one or two sentences that say most, as they stand and in their order; 1 to 600 code points.
 *
 * @param weight how much a sentence says about the ticket's category
 */
export function summarize(text: string, segmenters: Segmenters, weight: (sentence: string) => number): string {
  const sentences = sentencesOf(text, segmenters.sentence);
  const ranked = sentences
    .map((sentence, place) => ({ sentence, place, score: weight(sentence) + form(sentence, place) }))
    .sort((a, b) => b.score - a.score || a.place - b.place);
  const both = ranked.slice(0, 2).sort((a, b) => a.place - b.place);
  const pair = both.map(({ sentence }) => sentence).join(' ');
  const summary = length(pair) <= COMFORTABLE_LENGTH ? pair : ranked[0]?.sentence;
  return cut(summary || tidy(text), segmenters) || NOTHING_TO_READ;
}

/** People come to the point early, and a sentence of two words rarely is one. */
const form = (sentence: string, place: number) => 2 / (1 + place) + Math.min(length(sentence), 30) / 10;

/** The different sentences without what is courtesy only. */
function sentencesOf(text: string, segmenter: Intl.Segmenter): string[] {
  const sentences = new Set<string>();
  let closed = false;
  for (const { segment } of segmenter.segment(text.replace(SOFT_BREAK, ' '))) {
    const sentence = tidy(segment).replace(GREETING, '');
    if (!/[\p{L}\p{N}]/u.test(sentence)) continue;
    const isName: boolean = closed && length(sentence) <= 40 && !/[.!?。]$/u.test(sentence);
    closed = isName || CLOSING.test(sentence);
    if (!closed) sentences.add(sentence);
    if (sentences.size === MAX_SENTENCES) break;
  }
  return [...sentences];
}

/**
 * At most 600 code points, ending with a whole word if that does not cost half of them, else with a whole grapheme;
 * empty if the first grapheme alone is longer.
 */
function cut(text: string, { word, grapheme }: Segmenters): string {
  if (length(text) <= MAX_LENGTH) return text;
  const graphemes = grapheme.segment(text);
  let room = MAX_LENGTH - 1;
  let end = 0;
  for (const { segment, index } of graphemes) {
    end = index;
    room -= length(segment);
    if (room < 0) break;
  }
  const wordStart = word.segment(text).containing(end)?.index ?? end;
  // Inside some scripts' graphemes there are word boundaries.
  const cleanStart = graphemes.containing(wordStart)?.index ?? end;
  const kept = text.slice(0, cleanStart > end / 2 ? cleanStart : end).trimEnd();
  return kept && `${kept}…`;
}

const length = (text: string) => [...text].length;
