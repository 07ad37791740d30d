import pg from 'pg';
import { openStorage } from '../src/storage/open.ts';
import { startPostgresServer } from '../src/testing/postgres-server.ts';
import { batchScenario } from './batch-scenario.ts';
import { assertSameResponse } from './compare.ts';
import { type Load, measureLoad } from './load.ts';
import type { Scenario } from './scenario.ts';
import { runBaselineClient, startBaselinePostgres, startClientAndProvider, startService } from './servers.ts';
import { NEW_TICKET } from './ticket.ts';

const TICKETS = 1000;
const READ: Load = {
  connections: 50,
  method: 'GET',
  path: () => `/tickets/${1 + Math.floor(Math.random() * TICKETS)}`,
};
const CREATE: Load = { connections: 50, method: 'POST', body: NEW_TICKET, path: '/tickets' };

/** A server for all scenarios, with `fsync`; its database is removed at the end. */
let server: ReturnType<typeof startPostgresServer> | undefined;
export const stopPostgres = async () => (await server)?.close();

let databases = 0;
async function createDatabase(tickets: number): Promise<string> {
  server ??= startPostgresServer();
  const { url } = await server;
  databases += 1;
  const database = Object.assign(new URL(url), { pathname: `bench_${databases}` }).href;
  await execute(url, `CREATE DATABASE bench_${databases}`);
  await (await openStorage(database)).close();
  await execute(
    database,
    `INSERT INTO tickets (source, raw_text) SELECT 'web', '${NEW_TICKET.raw_text}' FROM generate_series(1, ${tickets})`,
  );
  return database;
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(sql);
  await client.end();
}

const compare =
  (load: Load): Scenario['setUp'] =>
  async ({ seconds }) => {
    const baseline = await startBaselinePostgres(await createDatabase(TICKETS));
    const service = await startService(await createDatabase(TICKETS));
    await assertSameResponse(baseline, service, load);
    return {
      baseline: () => measureLoad(baseline, { ...load, seconds }),
      service: () => measureLoad(service, { ...load, seconds }),
    };
  };

export const POSTGRES_SCENARIOS: Scenario[] = [
  {
    name: 'read',
    title: 'GET /tickets/:id',
    targets: [{ metric: 'cpuUs', numerator: 'baseline', denominator: 'service', atLeast: 0.8 }],
    setUp: compare(READ),
  },
  {
    name: 'create',
    title: 'POST /tickets',
    targets: [{ metric: 'requestsPerSecond', numerator: 'service', denominator: 'baseline', atLeast: 2 }],
    setUp: compare(CREATE),
  },
  {
    name: 'create-2',
    title: 'POST /tickets at one server, and at two on one database',
    targets: [],
    async setUp({ seconds }) {
      const database = await createDatabase(0);
      const servers = [await startService(database), await startService(database)] as const;
      const half: Load = { ...CREATE, connections: 25, seconds };
      return {
        'one server': () => measureLoad(servers[0], { ...CREATE, seconds }),
        'two servers': async () => {
          const [one, other] = await Promise.all(servers.map((server) => measureLoad(server, half)));
          return { requestsPerSecond: (one?.requestsPerSecond ?? 0) + (other?.requestsPerSecond ?? 0) };
        },
      };
    },
  },
  {
    name: 'runs',
    title: 'new runs, the provider responds at once',
    targets: [{ metric: 'requestsPerSecond', numerator: 'service', denominator: 'baseline client', atLeast: 0.6 }],
    async setUp({ seconds }) {
      const { client, service, nextPath } = await startClientAndProvider(0, createDatabase);
      const calls = Math.ceil(2000 * seconds);
      const load: Load = { connections: 50, requests: calls, method: 'POST', path: nextPath };
      return {
        'baseline client': async () => ({
          requestsPerSecond: (calls / (await runBaselineClient(client, calls, 50))) * 1000,
        }),
        service: () => measureLoad(service, load),
      };
    },
  },
  batchScenario(createDatabase),
];
