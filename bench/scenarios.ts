import { USAGE_GROUPS } from '../src/schemas/usage.ts';
import { batchScenario } from './batch-scenario.ts';
import { postAtOnce } from './burst.ts';
import { compareWithBaseline } from './compare.ts';
import { createDatabase, type DatabaseOptions, largeDatabase, newFile } from './data.ts';
import { LIST_SCENARIOS } from './list-scenarios.ts';
import { type Load, measureLoad, measureRequest } from './load.ts';
import type { Server } from './processes.ts';
import type { Metrics, Scenario, Target } from './scenario.ts';
import { runBaselineClient, startBaseline, startService, startWithProvider } from './servers.ts';
import { NEW_TICKET } from './ticket.ts';
import { createUsageDatabase } from './usage-data.ts';

const CPU_TARGET: Target = { metric: 'cpuUs', numerator: 'baseline', denominator: 'service', atLeast: 0.6 };
const P99_TARGET: Target = { metric: 'p99Ms', numerator: 'service', denominator: 'baseline', atMost: 2 };

const randomTicket = (tickets: number) => `/tickets/${1 + Math.floor(Math.random() * tickets)}`;
const READ: Load = { connections: 50, method: 'GET', path: () => randomTicket(1000) };
const READ_RESULT: Load = { connections: 50, method: 'GET', path: () => `${randomTicket(1000)}/result` };
const PROCESS: Load = { connections: 50, method: 'POST', path: () => `${randomTicket(1000)}/process` };
const CREATE: Load = { connections: 50, method: 'POST', body: NEW_TICKET, path: '/tickets' };

const PROCESSED_TICKETS: DatabaseOptions = { tickets: 1000, withResults: true };

const latencyOf = ({ requestsPerSecond, p50Ms, p99Ms }: Metrics): Metrics => ({ requestsPerSecond, p50Ms, p99Ms });

export const SCENARIOS: Scenario[] = [
  {
    name: 'read',
    title: 'GET /tickets/:id',
    targets: [CPU_TARGET, P99_TARGET],
    setUp: compareWithBaseline(PROCESSED_TICKETS, READ),
  },
  {
    name: 'result',
    title: 'GET /tickets/:id/result',
    targets: [CPU_TARGET, P99_TARGET],
    setUp: compareWithBaseline(PROCESSED_TICKETS, READ_RESULT),
  },
  {
    name: 'processed',
    title: 'POST /tickets/:id/process of a processed ticket',
    targets: [CPU_TARGET, P99_TARGET],
    setUp: compareWithBaseline(PROCESSED_TICKETS, PROCESS),
  },
  {
    name: 'create',
    title: 'POST /tickets',
    targets: [
      { metric: 'requestsPerSecond', numerator: 'service', denominator: 'baseline', atLeast: 8 },
      { metric: 'p99Ms', numerator: 'service', denominator: 'baseline', atMost: 1 },
    ],
    setUp: compareWithBaseline({ tickets: 0 }, CREATE),
  },
  {
    name: 'create-1',
    title: 'POST /tickets, one connection',
    targets: [{ metric: 'p50Ms', numerator: 'service', denominator: 'baseline', atMost: 1.3 }],
    setUp: compareWithBaseline({ tickets: 0 }, { ...CREATE, connections: 1 }),
  },
  {
    name: 'runs',
    title: 'new runs, the provider responds at once',
    targets: [{ metric: 'requestsPerSecond', numerator: 'service', denominator: 'baseline client', atLeast: 0.7 }],
    async setUp({ seconds }) {
      const { client, service, nextPath } = await startWithProvider(0);
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
  {
    name: 'burst',
    title: '1,000 new runs at once, the provider takes 200 ms',
    rounds: 9,
    warmUpRounds: 5,
    targets: [{ metric: 'durationMs', numerator: 'service', denominator: 'baseline client', atMost: 1.5 }],
    async setUp() {
      const { client, service, nextPath } = await startWithProvider(200);
      return {
        'baseline client': async () => ({ durationMs: await runBaselineClient(client, 1000, 1000) }),
        service: async () => ({ durationMs: await postAtOnce(service.url, Array.from({ length: 1000 }, nextPath)) }),
      };
    },
  },
  {
    name: 'start',
    title: 'start until GET /health is 200, with 1,000,000 processed tickets (large) and 1,000 (small)',
    rounds: 15,
    targets: [{ metric: 'durationMs', numerator: 'large', denominator: 'small', atMost: 1.2 }],
    async setUp({ tickets }) {
      const small = await createDatabase(PROCESSED_TICKETS);
      const large = await largeDatabase(tickets);
      return {
        baseline: () => measureStart(startBaseline(small)),
        small: () => measureStart(startService(small)),
        large: () => measureStart(startService(large)),
      };
    },
  },
  {
    name: 'memory',
    title: 'memory after 100,000 creates, and after 100,000 more (later)',
    rounds: 1,
    warmUpRounds: 0,
    targets: [
      { metric: 'memoryMiB', numerator: 'service', denominator: 'baseline', atMost: 1.5 },
      { metric: 'memoryMiB', numerator: 'later', denominator: 'service', atMost: 1.1 },
    ],
    async setUp({ creates }) {
      // At FULL, the baseline would take a minute.
      const baseline = await startBaseline(await createDatabase({ tickets: 0 }), 'NORMAL');
      const service = await startService(await createDatabase({ tickets: 0 }));
      const load: Load = { ...CREATE, requests: creates };
      return {
        baseline: () => measureMemory(baseline, load),
        service: () => measureMemory(service, load),
        later: () => measureMemory(service, load),
      };
    },
  },
  {
    name: 'growth',
    title: 'GET /tickets/:id with 1,000,000 processed tickets (large) and 1,000 (small)',
    targets: [{ metric: 'cpuUs', numerator: 'small', denominator: 'large', atLeast: 0.8 }],
    async setUp({ seconds, tickets }) {
      const small = await startService(await createDatabase(PROCESSED_TICKETS));
      const large = await startService(await largeDatabase(tickets));
      return {
        small: () => measureLoad(small, { ...READ, seconds }),
        large: () => measureLoad(large, { ...READ, seconds, path: () => randomTicket(tickets) }),
      };
    },
  },
  {
    name: 'mixed',
    title: 'GET /tickets/:id on 45 connections, alone and while 5 others create',
    targets: [{ metric: 'p99Ms', numerator: 'mixed', denominator: 'alone', atMost: 3 }],
    async setUp({ seconds }) {
      const service = await startService(await createDatabase(PROCESSED_TICKETS));
      const read = async () => latencyOf(await measureLoad(service, { ...READ, connections: 45, seconds }));
      const create = () => measureLoad(service, { ...CREATE, connections: 5, seconds });
      return {
        alone: read,
        mixed: async () => (await Promise.all([read(), create()]))[0],
      };
    },
  },
  {
    name: 'log',
    title: 'GET /tickets/:id, LOG_LEVEL=warn and info, logged to a file',
    targets: [{ metric: 'cpuUs', numerator: 'warn', denominator: 'info', atLeast: 0.7 }],
    async setUp({ seconds }) {
      const warn = await startService(await createDatabase(PROCESSED_TICKETS));
      const info = await startService(await createDatabase(PROCESSED_TICKETS), {
        settings: { LOG_LEVEL: 'info' },
        logFile: newFile(),
      });
      return {
        warn: () => measureLoad(warn, { ...READ, seconds }),
        info: () => measureLoad(info, { ...READ, seconds }),
      };
    },
  },
  {
    name: 'usage',
    title: 'GET /usage of 30 days with 1,000,000 runs, by group_by',
    targets: USAGE_GROUPS.map((group) => ({ metric: 'durationMs', numerator: group, atMost: 300 })),
    async setUp({ tickets: runs }) {
      const service = await startService(await createUsageDatabase(runs));
      const measure = (group: string) => () => measureRequest(`${service.url}/usage?group_by=${group}`);
      return Object.fromEntries(USAGE_GROUPS.map((group) => [group, measure(group)]));
    },
  },
  ...LIST_SCENARIOS,
  batchScenario((tickets) => createDatabase({ tickets })),
];

async function measureStart(start: Promise<Server>): Promise<Metrics> {
  const server = await start;
  await server.stop();
  return { durationMs: server.startMs };
}

async function measureMemory(server: Server, load: Load): Promise<Metrics> {
  await measureLoad(server, load);
  const { memoryBytes } = await server.usage();
  return { memoryMiB: memoryBytes / 2 ** 20 };
}
