import { describe, expect, it } from 'vitest';
import { fold } from './fold.ts';

describe('fold', () => {
  it.each([
    ['Größe', 'GRÖSSE'],
    ['Größe', 'GRÖẞE'],
    ['ПРИВЕТ', 'привет'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['ÉCRAN', 'écran'],
    ['ＡＢＣ', 'ａｂｃ'],
    ['𐐀', '𐐨'],
  ])('makes %s and %s equal', (one, other) => {
    expect(fold(one)).toBe(fold(other));
  });

  it.each(['請求書', 'لا أستطيع', 'नमस्ते', '😀%_\\'])('keeps %s', (text) => {
    expect(fold(text)).toBe(text);
  });
});
