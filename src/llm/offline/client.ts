import { NO_USAGE } from '../../schemas/result.ts';
import type { LlmClient } from '../client.ts';
import { type CompiledVocabulary, compileVocabulary, highestCategory, scoreCategories } from './category.ts';
import { createLanguageDetector, type Language } from './language.ts';
import { createTextPreparation } from './prepare-text.ts';
import { replyFor } from './replies.ts';
import { type Segmenters, summarize } from './summary.ts';
import { VOCABULARIES } from './vocabulary.ts';
import { wordsOf } from './words.ts';

export const OFFLINE_MODEL = 'offline-extractive-v2';

/**
 * A model that needs no provider. The summary quotes sentences of the ticket, the category follows from its words, and
 * the reply draft is fixed per category and language. It ignores the instructions, answers every text and never throws.
 */
export function createOfflineClient(): LlmClient {
  const segmenters: Segmenters = {
    sentence: new Intl.Segmenter('en', { granularity: 'sentence' }),
    word: new Intl.Segmenter('en', { granularity: 'word' }),
    grapheme: new Intl.Segmenter('en', { granularity: 'grapheme' }),
  };
  const compiled = new Map<Language, CompiledVocabulary>();
  let libraries: ReturnType<typeof loadLibraries> | undefined;

  return {
    async complete({ text }) {
      const start = performance.now();
      libraries ??= loadLibraries();
      const { prepareText, detectLanguage } = await libraries;
      const prepared = prepareText(text);
      const language = detectLanguage(prepared);
      // English words count in every language: names of functions, error messages and loanwords are English.
      const vocabularies = [...new Set([language, 'en'] as const)].map(vocabularyOf);
      const scoresOf = (part: string) => scoreCategories(wordsOf(part, segmenters.word), vocabularies);
      const category = highestCategory(scoresOf(prepared));
      return {
        summary: summarize(prepared, segmenters, (sentence) => scoresOf(sentence)[category]),
        category,
        reply_draft: replyFor(category, language),
        model: OFFLINE_MODEL,
        openai_request_id: null,
        latency_ms: Math.round(performance.now() - start),
        ...NO_USAGE,
      };
    },
  };

  function vocabularyOf(language: Language): CompiledVocabulary {
    const vocabulary = compiled.get(language) ?? compileVocabulary(VOCABULARIES[language], segmenters.word);
    compiled.set(language, vocabulary);
    return vocabulary;
  }
}

/** Loaded for the first ticket, not at the start of the server: they take up to a second and 70 MB. */
async function loadLibraries() {
  const [prepareText, detectLanguage] = await Promise.all([createTextPreparation(), createLanguageDetector()]);
  return { prepareText, detectLanguage };
}
