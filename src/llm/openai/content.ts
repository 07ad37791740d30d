import { toRecords, toText } from '../json.ts';

/** The content of a message: a text, or a list of parts. Parts of other types, such as thoughts, are skipped. */
export function readContent(content: unknown): { text: string; isRefusal: boolean } {
  const parts = toRecords(content);
  const texts = parts.filter(({ type }) => type === 'text' || type === 'output_text').map(({ text }) => toText(text));
  return {
    text: toText(content) || texts.join(''),
    isRefusal: parts.some(({ type }) => type === 'refusal'),
  };
}
