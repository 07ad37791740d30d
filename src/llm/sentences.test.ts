import { describe, expect, it } from 'vitest';
import { cutAtSentence } from './sentences.ts';

describe('cutAtSentence', () => {
  it.each([
    ['One. Two.', 9, 'One. Two.'],
    ['One two. Three.', 14, 'One two.'],
    ['One two. Three four. ', 20, 'One two. Three four.'],
    ['One two? Three! Four', 16, 'One two? Three!'],
    ['One two\n\nThree', 10, 'One two'],
    ['帮助您。帮助您。帮', 8, '帮助您。帮助您。'],
    ['😀😀. 😀😀', 4, '😀😀.'],
  ])('cuts %o to %i characters: %o', (text, maxLength, expected) => {
    expect(cutAtSentence(text, maxLength)).toBe(expected);
  });

  it.each([
    ['no sentence ends', 'x'.repeat(30), 20],
    ['the only one ends too early', `Hi. ${'x'.repeat(30)}`, 20],
  ])('leaves a text unaltered if %s', (_name, text, maxLength) => {
    expect(cutAtSentence(text, maxLength)).toBe(text);
  });
});
