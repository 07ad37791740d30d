import { expect, it } from 'vitest';
import { openSqliteFile } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { startServer } from '../../testing/server-process.ts';

const KILLS = 100;
const CLIENTS = 50;

it('keeps every acknowledged ticket, once and complete, through 100 kills under load', async () => {
  const folder = temporaryFolder();
  const texts = new Map<number, string>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const { child, exit, post } = await startServer({}, folder);
    let left = 10 + Math.random() * 200;
    const client = async (n: number) => {
      for (let i = 0; ; i += 1) {
        const raw_text = `${kill} ${n} ${i} ${'x'.repeat(Math.random() * 5000)}`;
        const answer = await post('/tickets', { raw_text });
        if (answer.status !== 201) throw new Error(`unexpected status ${answer.status}`);
        texts.set(((await answer.json()) as { id: number }).id, raw_text);
        left -= 1;
        if (left < 0) child.kill('SIGKILL');
      }
    };
    const clients = Array.from({ length: CLIENTS }, (_, n) => client(n).catch((error: Error) => error.message));
    await exit;
    expect((await Promise.all(clients)).filter((message) => message.startsWith('unexpected'))).toEqual([]);
  }

  const sqlite = openSqliteFile(`${folder}/data/app.db`);
  expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
  const stored = new Map(sqlite.prepare('SELECT id, raw_text FROM tickets').raw().all() as [number, string][]);
  expect([...texts].filter(([id, text]) => stored.get(id) !== text).map(([id]) => id)).toEqual([]);
  const duplicates = sqlite.prepare('SELECT raw_text FROM tickets GROUP BY raw_text HAVING count(*) > 1').pluck().all();
  expect(duplicates).toEqual([]);
});
