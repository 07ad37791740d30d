import { burst } from './burst.ts';
import { database, NEW_TICKET, newFile } from './data.ts';
import { measure } from './load.ts';
import { type Server, startServer, timeToStart } from './processes.ts';
import { type Figures, loads, type Part, stopAll } from './scenario.ts';
import { askBare, CACHE, environment, FLOOR, floor, SERVICE, service, withProvider } from './servers.ts';

/** Fifty connections that never wait for the generator: each has ten requests on the way. */
const FULL_LOAD = { connections: 50, pipelining: 10 };
const READ = { ...FULL_LOAD, path: () => `/tickets/${1 + Math.floor(Math.random() * 1000)}` };
const CREATE = { ...FULL_LOAD, method: 'POST', body: NEW_TICKET, path: () => '/tickets' } as const;

const latency = ({ rate, p50, p99 }: Figures): Figures => ({ rate, p50, p99 });

const mebibytes = async (server: Server) => (await server.usage()).rss / 2 ** 20;

export const PARTS: Part[] = [
  {
    name: 'read',
    title: 'GET /tickets/{id}, 50 connections',
    marks: [
      { figure: 'cpu', of: 'floor', to: 'service', atLeast: 0.8 },
      { figure: 'p99', of: 'service', to: 'floor', atMost: 2 },
    ],
    open: loads(async () => ({
      floor: [await floor(database(1000)), READ],
      service: [await service(database(1000)), READ],
    })),
  },
  {
    name: 'result',
    title: 'GET /tickets/{id}/result, 50 connections',
    marks: [
      { figure: 'cpu', of: 'floor', to: 'service', atLeast: 0.8 },
      { figure: 'p99', of: 'service', to: 'floor', atMost: 2 },
    ],
    open: loads(async () => {
      const result = { ...READ, path: () => `${READ.path()}/result` };
      return {
        floor: [await floor(database(1000, 1000)), result],
        service: [await service(database(1000, 1000)), result],
      };
    }),
  },
  {
    name: 'processed',
    title: 'POST /tickets/{id}/process of a processed ticket, 50 connections, against the floor’s read',
    marks: [{ figure: 'cpu', of: 'floor', to: 'service', atLeast: 0.75 }],
    open: loads(async () => ({
      floor: [await floor(database(1000, 1000)), READ],
      service: [await service(database(1000, 1000)), { ...READ, method: 'POST', path: () => `${READ.path()}/process` }],
    })),
  },
  {
    name: 'create',
    title: 'POST /tickets, 50 connections',
    marks: [
      { figure: 'rate', of: 'service', to: 'floor', atLeast: 8 },
      { figure: 'rate', of: 'service', to: 'floor NORMAL', atLeast: 2 },
      { figure: 'p99', of: 'service', to: 'floor', atMost: 1 },
    ],
    open: loads(async () => ({
      floor: [await floor(database(0)), CREATE],
      'floor NORMAL': [await floor(database(0), 'NORMAL'), CREATE],
      service: [await service(database(0)), CREATE],
    })),
  },
  {
    name: 'create-1',
    title: 'POST /tickets, one connection',
    marks: [{ figure: 'p50', of: 'service', to: 'floor', atMost: 1.3 }],
    open: loads(async () => ({
      floor: [await floor(database(0)), { ...CREATE, connections: 1, pipelining: 1 }],
      service: [await service(database(0)), { ...CREATE, connections: 1, pipelining: 1 }],
    })),
  },
  {
    name: 'runs',
    title: 'new runs, provider answering at once, 50 connections, against the bare openai client',
    marks: [{ figure: 'rate', of: 'service', to: 'bare client', atLeast: 0.7 }],
    async open({ seconds }) {
      const { server, bare, llm, run } = await withProvider(0, 40_000);
      const calls = Math.ceil(2000 * seconds);
      return {
        subjects: {
          'bare client': async () => ({ rate: (calls / (await askBare(bare, calls, 50))) * 1000 }),
          service: () => measure(server, { connections: 50, requests: calls, ...run }),
        },
        close: stopAll([server, bare, llm]),
      };
    },
  },
  {
    name: 'burst',
    title: '1,000 new runs at once, provider taking 200 ms, against the bare openai client',
    rounds: 9,
    warmUps: 5,
    marks: [{ figure: 'ms', of: 'service', to: 'bare client', atMost: 1.5 }],
    async open() {
      const { server, bare, llm, run } = await withProvider(200, 15_000);
      return {
        subjects: {
          'bare client': async () => ({ ms: await askBare(bare, 1000, 1000) }),
          service: async () => ({ ms: await burst(server.url, Array.from({ length: 1000 }, run.path)) }),
        },
        close: stopAll([server, bare, llm]),
      };
    },
  },
  {
    name: 'start',
    title: 'start to the first 200 of /health',
    rounds: 15, // half a second each
    warmUps: 3,
    marks: [{ figure: 'ms', of: 'service', to: 'floor', atMost: 3 }],
    async open() {
      const [file, settings] = [database(1000), environment(database(1000))];
      return {
        subjects: {
          floor: async () => ({ ms: await timeToStart([...FLOOR, file], CACHE) }),
          service: async () => ({ ms: await timeToStart(SERVICE, settings) }),
        },
        close: async () => {},
      };
    },
  },
  {
    name: 'memory',
    title: 'resident memory after 100,000 creates (floor at NORMAL), and after 100,000 more',
    rounds: 1, // which take 15 s
    warmUps: 0,
    marks: [
      { figure: 'rss', of: 'service', to: 'floor', atMost: 1.5 },
      { figure: 'rss', of: 'service later', to: 'service', atMost: 1.1 },
    ],
    async open({ creates }) {
      const servers = [await floor(database(0), 'NORMAL'), await service(database(0))] as const;
      const after = (server: Server) => async () => {
        await measure(server, { ...CREATE, requests: creates });
        return { rss: await mebibytes(server) };
      };
      return {
        subjects: { floor: after(servers[0]), service: after(servers[1]), 'service later': after(servers[1]) },
        close: stopAll([...servers]),
      };
    },
  },
  {
    name: 'growth',
    title: 'GET /tickets/{id} with 1,000,000 tickets against 1,000',
    marks: [{ figure: 'rate', of: 'big', to: 'small', atLeast: 0.8 }],
    open: loads(async ({ tickets }) => ({
      small: [await service(database(1000)), READ],
      big: [
        await service(database(tickets)),
        { ...READ, path: () => `/tickets/${1 + Math.floor(Math.random() * tickets)}` },
      ],
    })),
  },
  {
    name: 'mixed',
    title: 'GET /tickets/{id} on 45 connections, alone and while 5 create',
    marks: [{ figure: 'p99', of: 'mixed', to: 'alone', atMost: 3 }],
    async open({ seconds }) {
      const server = await service(database(1000));
      const read = { ...READ, connections: 45, pipelining: 1, seconds };
      const create = { ...CREATE, connections: 5, pipelining: 1, seconds };
      return {
        subjects: {
          alone: async () => latency(await measure(server, read)),
          mixed: async () => latency((await Promise.all([measure(server, read), measure(server, create)]))[0]),
        },
        close: stopAll([server]),
      };
    },
  },
  {
    name: 'log',
    title: 'GET /tickets/{id} at LOG_LEVEL=info, to a file, against warn',
    marks: [{ figure: 'cpu', of: 'warn', to: 'info', atLeast: 0.7 }],
    open: loads(async () => ({
      warn: [await service(database(1000)), READ],
      info: [await startServer(SERVICE, environment(database(1000), { LOG_LEVEL: 'info' }), newFile()), READ],
    })),
  },
];
