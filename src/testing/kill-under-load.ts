import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { answerAfter, json, type Server, startServers } from './servers.ts';
import type { StorageKind } from './storages.ts';

export interface KillOptions {
  servers: number;
  kills: number;
  clients: number;
}

/** The promised time until every status is true again. */
const RECOVERY_MS = 15_000;

/** Kills random servers while clients create and process tickets, and checks that nothing is lost and no status is wrong. */
export async function killUnderLoad({ name, createDatabase }: StorageKind, options: KillOptions): Promise<void> {
  const database = await createDatabase();
  const ids = async (sql: string) => (await database.query(sql)).map(({ id }) => Number(id));
  const { provider, servers, start } = await startServers(options.servers, { DATABASE_URL: database.url });
  provider.respond(() => answerAfter(Math.random() * 60)());
  const acknowledged: number[] = [];
  const processed = new Set<number>();
  const refusals = new Set<string>();
  let isOver = false;

  /** Creates tickets, and processes new and old ones on a random server. */
  async function client(): Promise<void> {
    while (!isOver) {
      const server = servers[Math.floor(Math.random() * servers.length)] as Server;
      try {
        const { id, code } = await json(server.post('/tickets', { raw_text: `x ${Math.random()}` }));
        if (code) {
          refusals.add(code);
          continue;
        }
        acknowledged.push(id);
        const other = acknowledged[Math.floor(Math.random() * acknowledged.length)] as number;
        await server.post(`/tickets/${other}/process?force=true`);
        if ((await server.post(`/tickets/${id}/process`)).ok) processed.add(id);
      } catch {
        await sleep(20); // this server was killed; try another one
      }
    }
  }

  const clients = Array.from({ length: options.clients }, client);
  for (let kill = 0; kill < options.kills; kill += 1) {
    const victim = kill % servers.length;
    await sleep(Math.random() * 400);
    servers[victim]?.child.kill('SIGKILL');
    await servers[victim]?.exit;
    servers[victim] = await start();
  }
  isOver = true;
  await Promise.all(clients);

  const inProcessing = () => ids("SELECT id FROM tickets WHERE status = 'processing'");
  await expect.poll(inProcessing, { timeout: RECOVERY_MS, interval: 200 }).toEqual([]);
  if (name === 'SQLite') expect(await database.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect([...refusals].filter((code) => code !== 'overloaded')).toEqual([]); // a busy machine
  expect(acknowledged.length).toBeGreaterThan(options.kills);
  const stored = new Set(await ids('SELECT id FROM tickets'));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  const results = await ids('SELECT ticket_id AS id FROM results');
  const done = new Set(results);
  expect(results.length).toBe(done.size);
  expect([...processed].filter((id) => !done.has(id))).toEqual([]);
  const withWrongStatus = () =>
    ids("SELECT id FROM tickets WHERE (status = 'done') <> (id IN (SELECT ticket_id FROM results))");
  expect(await withWrongStatus()).toEqual([]);

  const { post } = servers[0];
  const open = await ids("SELECT id FROM tickets WHERE status <> 'done'");
  const answers = await Promise.all(open.map((id) => post(`/tickets/${id}/process`)));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(await withWrongStatus()).toEqual([]);
}
