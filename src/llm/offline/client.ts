import type { LlmClient } from '../client.ts';
import { compileVocabulary, highestCategory, scoreCategories } from './category.ts';
import { REPLIES } from './replies.ts';
import { type Segmenters, summarize } from './summary.ts';
import { plainText, wordsOf } from './words.ts';

export const OFFLINE_MODEL = 'offline-extractive-v1';

/**
 * A model that needs no provider. The summary quotes sentences of the ticket, the category follows from its (English)
 * words, and the reply draft is fixed per category. It ignores the instructions, answers every text and never throws.
 */
export function createOfflineClient(): LlmClient {
  const segmenters: Segmenters = {
    sentence: new Intl.Segmenter('en', { granularity: 'sentence' }),
    word: new Intl.Segmenter('en', { granularity: 'word' }),
    grapheme: new Intl.Segmenter('en', { granularity: 'grapheme' }),
  };
  const vocabulary = compileVocabulary(segmenters.word);
  const scoresOf = (text: string) => scoreCategories(wordsOf(text, segmenters.word), vocabulary);

  return {
    async complete({ text }) {
      const start = performance.now();
      const plain = plainText(text);
      const category = highestCategory(scoresOf(plain));
      const summary = summarize(plain, segmenters, (sentence) => scoresOf(sentence)[category]);
      return {
        summary,
        category,
        reply_draft: REPLIES[category],
        model: OFFLINE_MODEL,
        openai_request_id: null,
        latency_ms: Math.round(performance.now() - start),
        input_tokens: null,
        output_tokens: null,
        total_tokens: null,
        cached_tokens: null,
      };
    },
  };
}
