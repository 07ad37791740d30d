import type { Category } from '../../../schemas/result.ts';

/** The parts of a language's reply drafts. */
export interface ReplyTemplate {
  greeting: string;
  /** What a category's draft says: it thanks, and asks for what helps. */
  paragraphs: Record<Category, string[]>;
  /** Asks to keep secrets out of the answer. */
  warning: string;
  closing: string;
}
