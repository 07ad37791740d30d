import { CATEGORIES, type Category } from '../../schemas/result.ts';
import { type Strength, type Vocabulary, WEIGHTS } from './vocabulary/types.ts';
import { wordsOf } from './words.ts';

/** A vocabulary entry in the form of `wordsOf`. A word that ends in `*` is a stem. */
interface Entry {
  category: Category;
  weight: number;
  words: string[];
}

/** Entries by their first word, or by its first two letters if it is a stem: each word meets only few entries. */
export type CompiledVocabulary = Map<string, Entry[]>;
const stemKey = (word: string) => `${word.slice(0, 2)}*`;
const indexKey = (pattern = '') => (pattern.endsWith('*') ? stemKey(pattern) : pattern);

/** Sum of the weights of the entries found, per category. */
export type Scores = Record<Category, number>;

export function compileVocabulary(vocabulary: Vocabulary, segmenter: Intl.Segmenter): CompiledVocabulary {
  const entries: Entry[] = [];
  for (const category of CATEGORIES) {
    for (const [strength, phrases] of Object.entries(vocabulary[category])) {
      const weight = WEIGHTS[strength as Strength];
      for (const phrase of phrases.split(',')) entries.push({ category, weight, words: patternOf(phrase, segmenter) });
    }
  }
  return Map.groupBy(entries, ({ words }) => indexKey(words[0]));
}

/** Normalizes a phrase like a text. Letters replace the asterisks meanwhile, because the segmenter drops asterisks. */
export const patternOf = (phrase: string, segmenter: Intl.Segmenter) =>
  wordsOf(phrase.replaceAll('*', 'zzz'), segmenter).map((word) => word.replace(/zzz$/, '*'));

/** Each entry counts once, so that a repeated word does not outvote the others. */
export function scoreCategories(words: string[], vocabularies: CompiledVocabulary[]): Scores {
  const found = new Set<Entry>();
  for (const [at, word] of words.entries()) {
    const candidates = vocabularies.flatMap((entries) => [
      ...(entries.get(word) ?? []),
      ...(entries.get(stemKey(word)) ?? []),
    ]);
    for (const entry of candidates) {
      if (entry.words.every((pattern, i) => matches(words[at + i], pattern))) found.add(entry);
    }
  }
  const scores: Scores = { 'auth/login': 0, billing: 0, bug: 0, feature_request: 0, account: 0, other: 0 };
  for (const { category, weight } of found) scores[category] += weight;
  return scores;
}

const matches = (word: string | undefined, pattern: string) =>
  pattern.endsWith('*') ? word?.startsWith(pattern.slice(0, -1)) : word === pattern;

/** A single weak entry decides nothing. */
const MIN_SCORE = 2;

/** The category with the highest score: the first in `CATEGORIES` among equals, `other` if no score is high enough. */
export function highestCategory(scores: Scores): Category {
  const highest = Math.max(...Object.values(scores));
  return highest < MIN_SCORE ? 'other' : (CATEGORIES.find((category) => scores[category] === highest) ?? 'other');
}
