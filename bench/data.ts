import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { openStorage } from '../src/storage/open.ts';
import { OUTPUT } from '../src/testing/provider.ts';

export const TEXT =
  'I cannot login to my account since this morning. It says that my password is wrong, but I changed it only yesterday.';
export const NEW_TICKET = { raw_text: TEXT, source: 'email' };

/** The benchmark's files, on the disk that this is on; gone when it ends. */
export const FOLDER = mkdtempSync(fileURLToPath(new URL('../dist/bench-', import.meta.url)));
process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));

let count = 0;
export function newFile(): string {
  count += 1;
  return join(FOLDER, String(count));
}

const templates = new Map<string, string>();

/** A database of its own with so many tickets, those up to `processed` with a result. */
export function database(tickets: number, processed = 0): string {
  const key = `${tickets}/${processed}`;
  const template = templates.get(key) ?? build(tickets, processed);
  templates.set(key, template);
  const file = newFile();
  copyFileSync(template, file);
  return file;
}

function build(tickets: number, processed: number): string {
  const file = newFile();
  openStorage(file).close();
  const sqlite = new Database(file);
  const ticket = sqlite.prepare('INSERT INTO tickets (source, raw_text, status) VALUES (?, ?, ?)');
  const result = sqlite.prepare(
    `INSERT INTO results (ticket_id, summary, category, reply_draft, model, prompt_version, openai_request_id, latency_ms,
       input_tokens, output_tokens, total_tokens, cached_tokens) VALUES (?, ?, ?, ?, 'gpt-bench', 'v1', 'req_1', 900, 120, 40, 160, 64)`,
  );
  sqlite.transaction(() => {
    for (let id = 1; id <= tickets; id += 1) {
      ticket.run('email', TEXT, id <= processed ? 'done' : 'new');
      if (id <= processed) result.run(id, OUTPUT.summary, OUTPUT.category, OUTPUT.reply_draft);
    }
  })();
  sqlite.close();
  return file;
}
