import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answerAfter, json, type Server, startServers } from '../testing/servers.ts';
import { STORAGES } from '../testing/storages.ts';

const TICKETS = 10_000;
const SERVERS = 3;
const KILLS = 15;

describe.each(STORAGES)('a batch of 10,000 tickets on three servers ($name)', ({ createDatabase }) => {
  it.each([1, 8])('gets one result each, although every server is killed five times (%s slots)', async (slots) => {
    const database = await createDatabase();
    const { provider, servers, start } = await startServers(SERVERS, {
      DATABASE_URL: database.url,
      BACKGROUND_CONCURRENCY: `${slots}`,
    });
    provider.respond(answerAfter(2));
    await createTickets(servers[0]);
    const batch = await json(servers[0].post('/batches', { filter: { status: ['new'] } }));
    expect(batch).toMatchObject({ total: TICKETS });

    const countRuns = async (condition: string) => {
      const [row] = await database.query(`SELECT count(*) AS count FROM runs WHERE ${condition}`);
      return Number(row?.count);
    };
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const goal = (kill * TICKETS) / (KILLS + 5); // the last ones are executed without kills
      while ((await countRuns("status = 'succeeded'")) < goal) await sleep(20);
      const victim = kill % SERVERS;
      servers[victim]?.child.kill('SIGKILL');
      await servers[victim]?.exit;
      servers[victim] = await start();
    }
    const read = () => json(fetch(`${servers[0].url}/batches/${batch.id}`));
    const finished = { finished_at: expect.any(String), succeeded: TICKETS, failed: 0, skipped: 0 };
    await expect.poll(read, { timeout: 300_000, interval: 500 }).toMatchObject(finished);

    expect(await database.query("SELECT id FROM tickets WHERE status <> 'done'")).toEqual([]);
    const [results] = await database.query(
      'SELECT count(*) AS count, count(DISTINCT ticket_id) AS tickets FROM results',
    );
    expect([Number(results?.count), Number(results?.tickets)]).toEqual([TICKETS, TICKETS]);
    expect(await countRuns("status = 'succeeded'")).toBe(TICKETS);
    expect(provider.requests.length).toBeLessThanOrEqual(TICKETS + KILLS * slots);
  });
});

async function createTickets({ post }: Server): Promise<void> {
  for (let created = 0; created < TICKETS; created += 100) {
    const responses = await Promise.all(
      Array.from({ length: 100 }, (_, i) => post('/tickets', { raw_text: `x ${i}` })),
    );
    expect(responses.filter(({ status }) => status !== 201)).toEqual([]);
  }
}
