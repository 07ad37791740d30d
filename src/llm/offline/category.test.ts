import { describe, expect, it } from 'vitest';
import { measureAccuracy } from '../../testing/offline-accuracy.ts';
import { compileVocabulary, highestCategory, patternOf, scoreCategories } from './category.ts';
import { createOfflineClient } from './client.ts';
import { VOCABULARIES } from './vocabulary.ts';
import { wordsOf } from './words.ts';

const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
const english = compileVocabulary(VOCABULARIES.en, segmenter);
const categoryOf = (text: string) => highestCategory(scoreCategories(wordsOf(text, segmenter), [english]));

describe('the offline model', () => {
  it.each([
    [110, 120, 'labelled-tickets'],
    [51, 60, 'held-out-tickets'],
  ] as const)('finds the category of at least %i of the %i %s', async (minimum, total, set) => {
    const { overall, perCategory } = await measureAccuracy(createOfflineClient(), set);
    expect(overall.total).toBe(total);
    expect(overall.correct).toBeGreaterThanOrEqual(minimum);
    for (const [category, { correct, total: tickets }] of perCategory) {
      expect(correct / tickets, category).toBeGreaterThanOrEqual(0.7);
    }
  });
});

describe('the category by words', () => {
  it.each([
    ['I CAN’T LOG-IN', 'auth/login'],
    ['ｒｅｆｕｎｄ', 'billing'],
    ["it doesn't work", 'bug'],
    ['Change my e-mail', 'account'],
    ['Who can take this over?', 'account'],
    ['I want a réfund', 'billing'],
    ['TypeError on the dashboard', 'bug'],
  ])('is found in another spelling: %s', (text, category) => {
    expect(categoryOf(text)).toBe(category);
  });

  it.each(['A card.', 'He recognized it.', 'Is it possible to do this?', 'Please let me know.', 'The bugle, feebly'])(
    'is other for "%s"',
    (text) => {
      expect(categoryOf(text)).toBe('other');
    },
  );

  it('does not depend on how often a word occurs', () => {
    expect(categoryOf(`It crashes. ${'invoice '.repeat(9)}`)).toBe('bug');
  });

  it('is other if no word is known', () => {
    expect(categoryOf('Lorem ipsum')).toBe('other');
  });

  it('is the first in the list if two have the same score', () => {
    expect(categoryOf('broken, invoice')).toBe('billing');
    expect(categoryOf('invoice, broken')).toBe('billing');
  });
});

describe.each(Object.entries(VOCABULARIES))('the vocabulary of %s', (_, vocabulary) => {
  it('has phrases that are unique and keep two words without their filler words', () => {
    const phrases = Object.values(vocabulary).flatMap((lists) =>
      Object.values(lists).flatMap((list) => list.split(',')),
    );
    const patterns = phrases.map((phrase) => ({ phrase: phrase.trim(), words: patternOf(phrase, segmenter) }));
    const keys = patterns.map(({ words }) => words.join(' '));
    const emptied = patterns.filter(
      ({ phrase, words }) => words.length === 0 || (phrase.includes(' ') && words.length < 2),
    );
    expect(emptied).toEqual([]);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });
});
