import type { Category } from '../../../schemas/result.ts';

/** `strong` entries say what somebody wants, `medium` ones what it is about; one `weak` alone is not enough. */
export const WEIGHTS = { strong: 6, medium: 3, weak: 1 } as const;
export type Strength = keyof typeof WEIGHTS;

/**
 * What people write when they mean a category: words and phrases, separated by commas. `charg*` stands for every word
 * that begins so. Case, accents, apostrophes, articles and possessives do not matter ("change my e-mail" is "change
 * email"), and the spellings of log-in, e-mail and negations are one (see words.ts).
 */
export type Vocabulary = Record<Category, Record<Strength, string>>;
