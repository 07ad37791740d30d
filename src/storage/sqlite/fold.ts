import type Database from 'better-sqlite3';

/** Kept in the file's header. Increase it with a change of `fold`: the next start then folds all stored texts again. */
const FOLD_VERSION = 1;

/** Makes texts that differ only in case equal. Two letters have the same capitals as others: ß (SS) and ς (Σ). */
export const fold = (text: string) => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');

/** Fills `ticket_search` unless it is up to date. A migration cannot do it: SQL's `lower` knows only ASCII letters. */
export function foldStoredTexts(sqlite: Database.Database): void {
  const isUpToDate = () => Number(sqlite.pragma('user_version', { simple: true })) >= FOLD_VERSION;
  if (isUpToDate()) return;
  sqlite.function('fold', { deterministic: true }, (text) => (typeof text === 'string' ? fold(text) : null));
  const fill = sqlite.transaction(() => {
    if (isUpToDate()) return; // by another process
    sqlite.exec(`DELETE FROM ticket_search;
      INSERT INTO ticket_search (ticket_id, raw_text, summary)
      SELECT tickets.id, fold(raw_text), fold(summary) FROM tickets LEFT JOIN results ON ticket_id = tickets.id`);
    sqlite.pragma(`user_version = ${FOLD_VERSION}`);
  });
  fill.immediate();
}
