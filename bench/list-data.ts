import Database from 'better-sqlite3';
import { CATEGORIES } from '../src/schemas/result.ts';
import { fold } from '../src/storage/fold.ts';
import { openStorage } from '../src/storage/open.ts';
import { newFile } from './data.ts';

/** Sentences of support tickets, by language, with the language's share of the tickets in percent. */
const LANGUAGES: [number, string[]][] = [
  [
    60,
    [
      'I cannot log in to my account since this morning.',
      'The invoice for March shows the wrong amount.',
      'After the update the app crashes whenever I open the settings.',
      'My password reset link has expired.',
      'I was charged twice for the same order.',
      'How can I change the address of my company?',
      'The export to CSV stops after a hundred rows.',
      'We have been waiting for an answer for a week.',
    ],
  ],
  [
    14,
    [
      'Ich kann mich seit heute früh nicht anmelden.',
      'Die Größe der Datei ist auf 5 MB beschränkt.',
      'Überweisung ist schon vor zwei Wochen erfolgt.',
      'Können Sie mir die Bestellung stornieren?',
    ],
  ],
  [8, ['La facture du mois dernier est erronée.', 'Écran bloqué après la mise à jour.', 'Où est ma commande ?']],
  [8, ['昨日からログインできません。', '請求書の金額が間違っています。', 'アプリが起動直後に落ちます。']],
  [7, ['Не могу войти в личный кабинет с утра.', 'Счёт за март выставлен неправильно.', 'Когда будет доставка?']],
  [3, ['لا أستطيع تسجيل الدخول إلى حسابي.', 'الفاتورة تحتوي على مبلغ خاطئ.']],
];
const BY_PERCENT = LANGUAGES.flatMap(([share, sentences]) => Array<string[]>(share).fill(sentences));
const SOURCES = ['email', 'web', 'chat', 'phone', 'app'];

/** Number of different texts. */
const TEXTS = 20_000;

/** Tickets arrive evenly on these days, which end today. */
const DAYS = 30;

/** The same numbers in each run. */
function createRandom(): (limit: number) => number {
  let state = 1;
  return (limit) => {
    state = (state * 48271) % 2147483647;
    return state % limit;
  };
}

/**
 * A new database with this many tickets. Texts have 2 to 12 sentences and numbers, in six languages. The newest 2 % are
 * new, 1 % of the others have failed, and the rest have results.
 */
export async function createListDatabase(tickets: number): Promise<string> {
  const file = newFile();
  await (await openStorage(file)).close();
  const sqlite = new Database(file);
  sqlite.pragma('synchronous = OFF');
  sqlite.pragma('cache_size = -500000'); // in KiB; the indexes are filled in random order
  sqlite.transaction(insertTickets)(sqlite, tickets);
  sqlite.close();
  return file;
}

function insertTickets(sqlite: Database.Database, count: number): void {
  const insertTicket = sqlite.prepare(
    'INSERT INTO tickets (id, created_at, source, raw_text, status, category) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertResult = sqlite.prepare(
    `INSERT INTO results (ticket_id, summary, category, reply_draft, model, prompt_version)
    VALUES (?, ?, ?, ?, 'gpt-4o-mini', 'v1')`,
  );
  const insertTexts = sqlite.prepare('INSERT INTO ticket_search (ticket_id, raw_text, summary) VALUES (?, ?, ?)');
  const random = createRandom();
  const pick = <T>(values: readonly T[]) => values[random(values.length)] as T;
  const texts = Array.from({ length: TEXTS }, () => {
    const sentences = pick(BY_PERCENT);
    const write = (length: number) =>
      Array.from({ length }, () => `${pick(sentences)} ${random(4) === 0 ? random(1e7) : ''}`).join(' ');
    return { text: write(2 + random(11)), summary: write(2), reply: write(5) };
  });
  const firstTime = Date.now() - DAYS * 24 * 3600 * 1000;

  for (let id = 1; id <= count; id += 1) {
    const { text, summary, reply } = pick(texts);
    const status = id > 0.98 * count ? 'new' : random(100) === 0 ? 'failed' : 'done';
    const category = status === 'done' ? pick(CATEGORIES) : null;
    const time = new Date(firstTime + (id / count) * DAYS * 24 * 3600 * 1000).toISOString();
    insertTicket.run(id, `${time.slice(0, 10)} ${time.slice(11, 19)}`, pick(SOURCES), text, status, category);
    if (category) insertResult.run(id, summary, category, reply);
    insertTexts.run(id, fold(text), category && fold(summary));
  }
}
