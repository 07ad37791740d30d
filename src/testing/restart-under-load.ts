import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, onTestFinished } from 'vitest';
import { startPrivatePostgres } from './postgres.ts';
import { answerAfter, json, type Server, startServers } from './servers.ts';

export interface RestartOptions {
  restarts: number;
  clients: number;
}

/** The promised time until a server has reconnected. */
const RECONNECT_MS = 5000;
const RECOVERY_MS = 15_000;

/** Restarts PostgreSQL as after a crash while clients create and process tickets on three servers, and checks all data. */
export async function restartUnderLoad({ restarts, clients }: RestartOptions): Promise<void> {
  const postgres = await startPrivatePostgres();
  const { provider, servers } = await startServers(3, { DATABASE_URL: postgres.url });
  provider.respond(() => answerAfter(Math.random() * 60)());
  const acknowledged = new Map<number, string>();
  const processed = new Set<number>();
  const unexpected: unknown[] = [];
  let isOver = false;

  /** The body of a successful answer; undefined for one that says that the storage is unavailable. */
  async function send(server: Server, path: string, body?: unknown) {
    const response = await server.post(path, body);
    if (response.ok) return json(response);
    const problem = await json(response);
    if (problem.code !== 'storage_unavailable' || !response.headers.has('retry-after')) unexpected.push(problem);
    await sleep(50);
    return undefined;
  }

  async function client(name: number): Promise<void> {
    for (let n = 0; !isOver; n += 1) {
      const server = servers[n % servers.length] as Server;
      const raw_text = `${name} ${n}`;
      const ticket = await send(server, '/tickets', { raw_text });
      if (!ticket) continue;
      acknowledged.set(ticket.id, raw_text);
      if (await send(server, `/tickets/${ticket.id}/process`)) processed.add(ticket.id);
    }
  }

  const running = Array.from({ length: clients }, (_, name) => client(name));
  for (let restart = 0; restart < restarts; restart += 1) {
    const before = acknowledged.size;
    await expect.poll(() => acknowledged.size, { timeout: RECONNECT_MS }).toBeGreaterThan(before);
    await sleep(Math.random() * 500);
    await postgres.restart();
    const statuses = () => Promise.all(servers.map(async ({ url }) => (await fetch(`${url}/ready`)).status));
    await expect.poll(statuses, { timeout: RECONNECT_MS }).toEqual([200, 200, 200]);
  }
  isOver = true;
  await Promise.all(running);

  expect(unexpected).toEqual([]);
  const database = new pg.Client(postgres.url);
  await database.connect();
  onTestFinished(() => database.end());
  const query = async (sql: string) => (await database.query({ text: sql, rowMode: 'array' })).rows;
  const inProcessing = () => query("SELECT id FROM tickets WHERE status = 'processing'");
  await expect.poll(inProcessing, { timeout: RECOVERY_MS, interval: 200 }).toEqual([]);
  const stored = new Map((await query('SELECT id::int, raw_text FROM tickets')) as [number, string][]);
  expect([...acknowledged].filter(([id, text]) => stored.get(id) !== text)).toEqual([]);
  const results = (await query('SELECT ticket_id::int FROM results')).flat();
  expect(results.length).toBe(new Set(results).size);
  expect([...processed].filter((id) => !results.includes(id))).toEqual([]);
  // Every paid answer was stored when the database was back.
  expect(await query("SELECT count(*)::int FROM runs WHERE status = 'succeeded'")).toEqual([
    [provider.requests.length],
  ]);
  const connections = "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'ticket-service'";
  expect((await query(connections))[0]?.[0]).toBeLessThanOrEqual(servers.length * 12);
}
