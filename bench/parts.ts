import { fileURLToPath } from 'node:url';
import { database, NEW_TICKET, newFile } from './data.ts';
import { type Load, measure } from './load.ts';
import { type Server, startServer, timeToStart } from './processes.ts';

/** What one subject of a part did in one round; which figures there are depends on the part. */
export interface Figures {
  /** Answers per second. */
  rate?: number;
  /** Latency, in ms. */
  p50?: number;
  p99?: number;
  /** The server's CPU time per request, in µs. */
  cpu?: number;
  /** Wall time, in ms. */
  ms?: number;
  /** Resident memory, in MiB. */
  rss?: number;
}

/** A ratio of two figures that has to be reached. */
export interface Mark {
  figure: keyof Figures;
  /** The two subjects. */
  of: string;
  to: string;
  atLeast?: number;
  atMost?: number;
}

export interface Scale {
  seconds: number;
  rounds: number;
  /** Tickets that are created before memory is looked at. */
  creates: number;
  /** Tickets of a big database. */
  tickets: number;
}

export interface Part {
  name: string;
  title: string;
  marks: Mark[];
  /** How often it is measured; default: as often as the scale says. */
  rounds?: number;
  /** Rounds that do not count, until the code that runs is compiled; default: 1. */
  warmUps?: number;
  /** Starts what is to be measured; subjects are then asked in turn. */
  open(scale: Scale): Promise<{ subjects: Record<string, () => Promise<Figures>>; close(): Promise<void> }>;
}

const script = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Both are built: to read TypeScript would take half of the floor's start. */
const FLOOR = script('../dist/floor.js');
const SERVICE = ['--max-semi-space-size=16', script('../dist/server.cjs')];
const floor = (file: string, synchronous = 'FULL') => startServer([FLOOR, file, synchronous]);
const provider = (delayMs = 0) => startServer([script('provider.ts'), String(delayMs)]);

const environment = (file: string, more: NodeJS.ProcessEnv = {}) => ({
  ...{ DATABASE_URL: file, LOG_LEVEL: 'warn', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' },
  ...{ NODE_COMPILE_CACHE: script('../dist/cache'), ...more },
});
const service = (file: string, more?: NodeJS.ProcessEnv) => startServer(SERVICE, environment(file, more));

const stopAll = (servers: Server[]) => async () => {
  for (const server of servers) await server.stop();
};

/** Fifty connections that never wait for the generator: each has ten requests on the way. */
const FULL_LOAD = { connections: 50, pipelining: 10 };
const READ = { ...FULL_LOAD, path: () => `/tickets/${1 + Math.floor(Math.random() * 1000)}` };
const CREATE = { ...FULL_LOAD, method: 'POST', body: NEW_TICKET, path: () => '/tickets' } as const;

/** A part that puts each of its servers under a load of its own. */
const loads =
  (
    open: (scale: Scale) => Promise<Record<string, [Server, Partial<Load> & Pick<Load, 'connections' | 'path'>]>>,
  ): Part['open'] =>
  async (scale) => {
    const opened = await open(scale);
    const subject =
      ([server, load]: [Server, Load]) =>
      () =>
        measure(server, { seconds: scale.seconds, ...load });
    return {
      subjects: Object.fromEntries(Object.entries(opened).map(([name, pair]) => [name, subject(pair)])),
      close: stopAll([...new Set(Object.values(opened).map(([server]) => server))]),
    };
  };

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
          service: () => measure(server, { connections: 50, seconds, ...run }),
        },
        close: stopAll([server, bare, llm]),
      };
    },
  },
  {
    name: 'burst',
    title: '1,000 new runs at once, provider taking 200 ms, against the bare openai client',
    warmUps: 5,
    marks: [{ figure: 'ms', of: 'service', to: 'bare client', atMost: 1.5 }],
    async open() {
      const { server, bare, llm, run } = await withProvider(200, 12_000);
      return {
        subjects: {
          'bare client': async () => ({ ms: await askBare(bare, 1000, 1000) }),
          service: async () => {
            const { rate } = await measure(server, { connections: 1000, requests: 1000, ...run });
            return { ms: 1_000_000 / rate };
          },
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
          floor: async () => ({ ms: await timeToStart([FLOOR, file], {}) }),
          service: async () => ({ ms: await timeToStart(SERVICE, settings) }),
        },
        close: async () => {},
      };
    },
  },
  {
    name: 'memory',
    title: 'resident memory after 100,000 creates, and after 100,000 more',
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

/** The service and the bare client with a provider of theirs, and what processes a new ticket at each request. */
async function withProvider(delayMs: number, tickets: number) {
  const llm = await provider(delayMs);
  const base = `${llm.url}/v1`;
  const server = await service(database(tickets), { OPENAI_BASE_URL: base, LLM_MAX_CONCURRENCY: '1000' });
  const bare = await startServer([script('bare.ts')], { BASE_URL: base });
  let id = 0;
  const path = () => {
    id += 1;
    return `/tickets/${id}/process`;
  };
  const run = { method: 'POST', path } as const;
  return { llm, server, bare, run };
}

const askBare = async ({ url }: Server, calls: number, concurrency: number) =>
  Number(await (await fetch(`${url}/${calls}/${concurrency}`, { method: 'POST' })).text());
