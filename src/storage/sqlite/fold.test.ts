import { describe, expect, it } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
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

describe('foldStoredTexts', () => {
  it('fills the texts of a database that has none, at the start', async () => {
    const { path, storage } = openTestStorage();
    await storage.tickets.create({ raw_text: 'ÜBER', source: 'web' });
    await storage.close();
    const sqlite = openSqliteFile(path);
    sqlite.exec(`DELETE FROM ticket_search; PRAGMA user_version = 0;
      INSERT INTO results (ticket_id, summary, category, reply_draft, model, prompt_version)
        VALUES (1, 'ÄRGER', 'other', 'x', 'x', 'v1')`);
    const { storage: restarted } = openTestStorage({}, path);
    for (const q of ['über', 'ärger']) {
      const { data } = await restarted.tickets.list({ filter: { q }, order: 'newest', limit: 10 });
      expect(data, q).toMatchObject([{ id: 1 }]);
    }
  });
});
