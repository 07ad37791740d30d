import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folder.ts';
import { startServer } from '../testing/server-process.ts';
import { STORAGES } from '../testing/storages.ts';

const KILLS = 100;
const CLIENTS = 50;

describe.each(STORAGES)('$name', ({ name, createDatabase }) => {
  it('keeps every acknowledged ticket, once and complete, through 100 kills under load', async () => {
    const folder = temporaryFolder();
    const database = await createDatabase();
    const texts = new Map<number, string>();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const { child, exit, post } = await startServer({ DATABASE_URL: database.url }, folder);
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

    if (name === 'SQLite') expect(await database.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    const tickets = await database.query('SELECT id, raw_text FROM tickets');
    const stored = new Map(tickets.map(({ id, raw_text }) => [Number(id), raw_text]));
    expect([...texts].filter(([id, text]) => stored.get(id) !== text).map(([id]) => id)).toEqual([]);
    expect(new Set(stored.values()).size).toBe(stored.size); // no ticket was stored twice
  });
});
