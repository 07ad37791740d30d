import { createListDatabase } from './list-data.ts';
import { measureLoad, measureRequest } from './load.ts';
import type { Server } from './processes.ts';
import type { Scenario } from './scenario.ts';
import { startService } from './servers.ts';

const dayBefore = (days: number) => new Date(Date.now() - days * 24 * 3600 * 1000).toISOString().slice(0, 10);
const A_DAY = `created_after=${dayBefore(10)}&created_before=${dayBefore(9)}`;

/** Query parameters, by what they choose. */
const FILTERS = {
  'no filter': '',
  'oldest first': 'order=oldest',
  'a status': 'status=failed',
  'two statuses': 'status=new&status=failed',
  'a category': 'category=billing',
  'a source': 'source=phone',
  'a day': A_DAY,
  'all of these': `status=done&category=bug&source=web&source=chat&created_after=${dayBefore(20)}`,
};

/** No ticket contains it, so all texts are read. */
const NO_MATCH = 'q=exzess';
const SEARCHES = [
  { name: 'in a day', query: `${NO_MATCH}&${A_DAY}`, atMost: 50 },
  { name: 'in a status', query: `${NO_MATCH}&status=new`, atMost: 50 },
  { name: 'a frequent word', query: 'q=INVOICE', atMost: 50 },
  { name: 'no match', query: NO_MATCH, atMost: 1000 },
];

const FIRST = ' (first page)';
const HUNDREDTH = ' (page 100)';

let database: Promise<string> | undefined;

/** A server on a large database, which is built once because its users only read. */
async function startLarge(tickets: number): Promise<Server> {
  database ??= createListDatabase(tickets);
  return startService(await database);
}

export const LIST_SCENARIOS: Scenario[] = [
  {
    name: 'list',
    title: 'GET /tickets with 1,000,000 tickets, 25 per page, one connection',
    targets: Object.keys(FILTERS).flatMap((filter) =>
      [FIRST, HUNDREDTH].map((page) => ({ metric: 'p95Ms' as const, numerator: filter + page, atMost: 5 })),
    ),
    async setUp({ seconds, tickets }) {
      const service = await startLarge(tickets);
      const measure = (path: string) => async () => {
        const load = { connections: 1, method: 'GET', path, seconds: seconds / 2 } as const;
        const { p50Ms, p95Ms, cpuUs } = await measureLoad(service, load);
        return { p50Ms, p95Ms, cpuUs };
      };
      const candidates = Object.entries(FILTERS).map(async ([filter, query]) => [
        [filter + FIRST, measure(`/tickets?${query}`)],
        [filter + HUNDREDTH, measure(await findPage(service, query, 100))],
      ]);
      return Object.fromEntries((await Promise.all(candidates)).flat());
    },
  },
  {
    name: 'search',
    title: 'GET /tickets?q= with 1,000,000 tickets, one request',
    targets: SEARCHES.map(({ name, atMost }) => ({ metric: 'durationMs', numerator: name, atMost })),
    async setUp({ tickets }) {
      const service = await startLarge(tickets);
      return Object.fromEntries(
        SEARCHES.map(({ name, query }) => [name, () => measureRequest(`${service.url}/tickets?${query}`)]),
      );
    },
  },
  {
    name: 'search-mixed',
    title: 'GET /tickets/:id, one connection, alone and while another one searches 1,000,000 tickets',
    targets: [{ metric: 'p95Ms', numerator: 'mixed', denominator: 'alone', atMost: 3 }],
    async setUp({ seconds, tickets }) {
      const service = await startLarge(tickets);
      const path = () => `/tickets/${1 + Math.floor(Math.random() * tickets)}`;
      const read = async () => {
        const { p50Ms, p95Ms, p99Ms } = await measureLoad(service, { connections: 1, method: 'GET', path, seconds });
        return { p50Ms, p95Ms, p99Ms };
      };
      const search = () =>
        measureLoad(service, { connections: 1, method: 'GET', path: `/tickets?${NO_MATCH}`, seconds });
      return {
        alone: read,
        mixed: async () => (await Promise.all([read(), search()]))[0],
      };
    },
  },
];

/** The path of a page, by the links to the next ones. */
async function findPage({ url }: Server, query: string, number: number): Promise<string> {
  let path = `/tickets?${query}`;
  for (let page = 1; page < number; page += 1) {
    const response = await fetch(url + path);
    await response.arrayBuffer();
    const next = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    if (!next) throw new Error(`there are only ${page} pages of ${query}`);
    path = next;
  }
  return path;
}
