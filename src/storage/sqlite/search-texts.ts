import type Database from 'better-sqlite3';
import { fold } from '../fold.ts';

/** Kept in the file's header. Increase it when `fold` changes: the next start then folds all stored texts again. */
const FOLD_VERSION = 1;

/** Fills `ticket_search` unless it is up to date. A migration cannot do it: SQL's `lower` knows only ASCII letters. */
export function fillSearchTexts(sqlite: Database.Database): void {
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
