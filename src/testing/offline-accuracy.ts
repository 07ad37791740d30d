import { readFileSync } from 'node:fs';
import type { LlmClient } from '../llm/client.ts';
import { CATEGORIES, type Category } from '../schemas/result.ts';

/**
 * Texts with the category that a reader would choose. The word lists were tuned on the first set. The second was
 * written before, and only its totals were looked at.
 */
export const LABELLED_SETS = ['labelled-tickets', 'held-out-tickets'] as const;

export interface Accuracy {
  correct: number;
  total: number;
}

/** How many tickets of a set get their category, in total and per category. */
export async function measureAccuracy(client: LlmClient, set: (typeof LABELLED_SETS)[number]) {
  const overall: Accuracy = { correct: 0, total: 0 };
  const perCategory = new Map<Category, Accuracy>(CATEGORIES.map((category) => [category, { correct: 0, total: 0 }]));
  for (const { category, text } of readTickets(set)) {
    const signal = new AbortController().signal;
    const completion = await client.complete({ instructions: '', text, signal, deadline: Number.POSITIVE_INFINITY });
    for (const accuracy of [overall, perCategory.get(category)]) {
      if (accuracy === undefined) throw new Error(`${set} has the unknown category ${category}`);
      accuracy.total += 1;
      if (completion.category === category) accuracy.correct += 1;
    }
  }
  return { overall, perCategory };
}

const readTickets = (set: string) =>
  readFileSync(new URL(`${set}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { category: Category; text: string });
