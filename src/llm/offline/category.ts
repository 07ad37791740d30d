import { CATEGORIES, type Category } from '../../schemas/result.ts';
import { type Strength, VOCABULARY, WEIGHTS } from './vocabulary.ts';
import { wordsOf } from './words.ts';

/** An entry of the vocabulary, ready to be compared. A word that ends in `*` is a stem. */
interface Entry {
  category: Category;
  weight: number;
  words: string[];
}

/** Entries by the first letters of their first word, so that a text's word meets a few of them and not all. */
export type CompiledVocabulary = Map<string, Entry[]>;
const indexKey = (word = '') => word.slice(0, 2);

/** How much speaks for each category. */
export type Evidence = Record<Category, number>;

export function compileVocabulary(segmenter: Intl.Segmenter): CompiledVocabulary {
  const entries: Entry[] = [];
  for (const category of CATEGORIES) {
    for (const [strength, phrases] of Object.entries(VOCABULARY[category])) {
      const weight = WEIGHTS[strength as Strength];
      for (const phrase of phrases.split(',')) entries.push({ category, weight, words: patternOf(phrase, segmenter) });
    }
  }
  return Map.groupBy(entries, ({ words }) => indexKey(words[0]));
}

/** A phrase goes through what a text goes through; letters stand in for its asterisks meanwhile. */
export const patternOf = (phrase: string, segmenter: Intl.Segmenter) =>
  wordsOf(phrase.replaceAll('*', 'zzz'), segmenter).map((word) => word.replace(/zzz$/, '*'));

/** What the words say. An entry counts once, so that repeating a word does not outvote the others. */
export function weigh(words: string[], vocabulary: CompiledVocabulary): Evidence {
  const found = new Set<Entry>();
  for (const [at, word] of words.entries()) {
    for (const entry of vocabulary.get(indexKey(word)) ?? []) {
      if (entry.words.every((pattern, i) => matches(words[at + i], pattern))) found.add(entry);
    }
  }
  const evidence: Evidence = { 'auth/login': 0, billing: 0, bug: 0, feature_request: 0, account: 0, other: 0 };
  for (const { category, weight } of found) evidence[category] += weight;
  return evidence;
}

const matches = (word: string | undefined, pattern: string) =>
  pattern.endsWith('*') ? word?.startsWith(pattern.slice(0, -1)) : word === pattern;

/** The category with the most evidence: of equals the first in `CATEGORIES`, and `other` if there is none. */
export function strongestCategory(evidence: Evidence): Category {
  const most = Math.max(...Object.values(evidence));
  return most === 0 ? 'other' : (CATEGORIES.find((category) => evidence[category] === most) ?? 'other');
}
