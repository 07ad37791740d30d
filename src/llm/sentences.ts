const SENTENCES = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/**
 * Cuts a text that is too long after its last sentence within the limit, which counts code points. A text without the
 * end of a sentence in the second half of the limit is returned as it is: cutting it would lose most of it.
 */
export function cutAtSentence(text: string, maxLength: number): string {
  if (countCodePoints(text) <= maxLength) return text;
  let length = 0;
  let end = 0;
  for (const { segment, index } of SENTENCES.segment(text)) {
    length += countCodePoints(segment.trimEnd());
    if (length > maxLength) break;
    end = index + segment.length;
    length += countCodePoints(segment) - countCodePoints(segment.trimEnd());
  }
  const cut = text.slice(0, end).trimEnd();
  return countCodePoints(cut) >= maxLength / 2 ? cut : text;
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
