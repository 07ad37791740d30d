import type { Category } from '../../schemas/result.ts';
import type { Language } from './language.ts';
import { DE } from './replies/de.ts';
import { EN } from './replies/en.ts';
import { ES } from './replies/es.ts';
import { FR } from './replies/fr.ts';
import { JA } from './replies/ja.ts';
import { PT } from './replies/pt.ts';
import type { ReplyTemplate } from './replies/types.ts';

export const TEMPLATES: Record<Language, ReplyTemplate> = { en: EN, de: DE, fr: FR, es: ES, pt: PT, ja: JA };

/**
 * The draft of a category in a language. It promises nothing. It does not repeat the ticket, so that a ticket cannot
 * put words into a reply.
 */
export function replyFor(category: Category, language: Language): string {
  const { greeting, paragraphs, warning, closing } = TEMPLATES[language];
  return [greeting, ...paragraphs[category], warning, closing].join('\n\n');
}
