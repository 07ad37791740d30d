import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { answerAfter, json, type Server, startServers } from '../testing/servers.ts';

const KILLS = 100;
const CLIENTS = 8;

test('100 kills under load lose no acknowledged ticket and leave every status true and every ticket processable', async () => {
  const { folder, provider, servers, start } = await startServers(2, { LOG_LEVEL: 'info' });
  provider.respond(() => answerAfter(Math.random() * 60)());
  const acknowledged: number[] = [];
  const processed = new Set<number>();
  let isOver = false;

  /** Creates tickets, and processes new and old ones on a random server. */
  async function client(): Promise<void> {
    while (!isOver) {
      const server = servers[Math.floor(Math.random() * 2)] as Server;
      try {
        const { id } = await json(server.post('/tickets', { raw_text: `x ${Math.random()}` }));
        acknowledged.push(id);
        const other = acknowledged[Math.floor(Math.random() * acknowledged.length)] as number;
        await server.post(`/tickets/${other}/process?force=true`);
        if ((await server.post(`/tickets/${id}/process`)).ok) processed.add(id);
      } catch {
        await sleep(20); // this server was killed; try the other one
      }
    }
  }

  const clients = Array.from({ length: CLIENTS }, client);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const victim = kill % 2;
    await sleep(Math.random() * 400);
    servers[victim]?.child.kill('SIGKILL');
    await servers[victim]?.exit;
    servers[victim] = await start();
  }
  isOver = true;
  await Promise.all(clients);

  const sqlite = new Database(`${folder}/data/app.db`);
  onTestFinished(() => void sqlite.close());
  const count = (sql: string) => sqlite.prepare(`SELECT count(*) FROM ${sql}`).pluck().get();
  await expect.poll(() => count("tickets WHERE status = 'processing'"), { timeout: 15_000, interval: 200 }).toBe(0);

  expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(sqlite.pragma('foreign_key_check')).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(KILLS);
  const stored = new Set(sqlite.prepare('SELECT id FROM tickets').pluck().all());
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  const done = new Set(sqlite.prepare('SELECT ticket_id FROM results').pluck().all());
  expect([...processed].filter((id) => !done.has(id))).toEqual([]);
  const HAS_WRONG_STATUS = "tickets WHERE (status = 'done') <> (id IN (SELECT ticket_id FROM results))";
  expect(count(HAS_WRONG_STATUS)).toBe(0);

  const { post } = servers[0];
  const open = sqlite.prepare("SELECT id FROM tickets WHERE status <> 'done'").pluck().all();
  const answers = await Promise.all(open.map((id) => post(`/tickets/${id}/process`)));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(count(HAS_WRONG_STATUS)).toBe(0);
});
