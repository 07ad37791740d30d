import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Batch } from '../schemas/batch.ts';
import type { Problem } from '../schemas/problem.ts';
import { createProgressBar } from './progress.ts';

const USAGE = `Usage: npm run batch -- FILTER … | --all [--force] [--url URL] [--key KEY]

Processes many tickets on a running server, in the background, and shows how far it is.

  --status STATUS         new, processing, done or failed; may be repeated, as may the next two
  --category CATEGORY     of the stored result
  --source SOURCE
  --created-after TIME    for example 2026-02-17 or 2026-02-17T16:35:05Z
  --created-before TIME
  --q TEXT                part of the text or the summary
  --all                   all tickets
  --force                 also tickets that have a result
  --url URL               the server; default: http://127.0.0.1:8000
  --key KEY               an API key; default: the variable TICKET_SERVICE_KEY

Ctrl-C leaves the batch running.
Exit code: 0 if no ticket has failed, otherwise 1.
`;

const POLL_MS = 1000;
const MAX_FAILED_POLLS = 60;

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      status: { type: 'string', multiple: true },
      category: { type: 'string', multiple: true },
      source: { type: 'string', multiple: true },
      'created-after': { type: 'string' },
      'created-before': { type: 'string' },
      q: { type: 'string' },
      all: { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      url: { type: 'string', default: 'http://127.0.0.1:8000' },
      key: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { url: serverUrl, key = process.env.TICKET_SERVICE_KEY, all, force, help: _, ...filters } = values;
  const filter = Object.fromEntries(Object.entries(filters).map(([name, value]) => [name.replace('-', '_'), value]));
  if (all === Object.keys(filter).length > 0) throw new Error('give either a filter or --all, after `--`');
  if (!/^https?:\/\//.test(serverUrl)) throw new Error('--url must begin with http:// or https://');
  const url = serverUrl.replace(/\/+$/, '');
  const request = createClient(url, key);
  const curl = key ? 'curl -H "Authorization: Bearer $TICKET_SERVICE_KEY"' : 'curl';
  await follow(await request('POST', '/batches', { filter, force }), { url, curl, request });
}

/** The server may be restarting, or limit the rate of requests. */
class TransientError extends Error {}

type Request = (method: string, path: string, body?: unknown) => Promise<Batch>;

const createClient =
  (url: string, key: string | undefined): Request =>
  async (method, path, body) => {
    const headers = { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await fetch(url + path, init).catch(({ cause }) => {
      throw new TransientError(`${url} does not answer (${cause?.code ?? 'no connection'})`);
    });
    if (response.ok) return (await response.json()) as Batch;
    if (response.status >= 500 || response.status === 429)
      throw new TransientError(`${url} answers with status ${response.status}`);
    const answer = (await response.json()) as Problem;
    const errors = (answer.errors ?? []).map(({ loc, msg }) => `${loc.slice(1).join('.')} ${msg}`);
    throw new Error([answer.detail, ...errors].join(': '));
  };

/** Shows the progress until the batch is finished. */
async function follow(
  created: Batch,
  { url, curl, request }: { url: string; curl: string; request: Request },
): Promise<void> {
  const path = `/batches/${created.id}`;
  const hints = `Watch it: ${curl} ${url}${path}\nCancel it: ${curl} -X DELETE ${url}${path}\n`;
  process.once('SIGINT', () => {
    progress.stop();
    process.stdout.write(`Batch ${created.id} goes on. ${hints}`);
    process.exit(130);
  });
  const progress = startProgress(created);
  let batch = created;
  for (let failedPolls = 0; batch.finished_at === null; ) {
    await sleep(POLL_MS);
    try {
      batch = await request('GET', path);
      failedPolls = 0;
      progress.show(batch);
    } catch (error) {
      failedPolls += 1;
      const mayRecover = error instanceof TransientError && failedPolls < MAX_FAILED_POLLS;
      if (mayRecover) continue;
      progress.stop(); // its timer would keep the process alive
      throw new Error(`${(error as Error).message}\nBatch ${created.id} goes on. ${hints}`);
    }
  }
  progress.show(batch);
  progress.stop();
  const { id, succeeded, failed, skipped, cost_usd } = batch;
  const cost = formatCost(cost_usd);
  process.stdout.write(`Batch ${id}: ${succeeded} succeeded, ${failed} failed, ${skipped} skipped, ${cost}\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

function startProgress({ total }: Batch) {
  const bar = createProgressBar('{bar} {value} of {total}, {rate}/s, {failed} failed, {cost}, {eta_formatted} left');
  bar.start(total, 0, { rate: '0.0', failed: 0, cost: formatCost(null) });
  const startedAt = performance.now();
  return {
    show({ total, succeeded, failed, skipped, cost_usd }: Batch): void {
      const rate = (1000 * (succeeded + failed)) / (performance.now() - startedAt);
      bar.setTotal(total);
      bar.update(succeeded + failed + skipped, { rate: rate.toFixed(1), failed, cost: formatCost(cost_usd) });
    },
    stop: () => bar.stop(),
  };
}

const formatCost = (usd: number | null) => (usd === null ? 'unknown cost' : `${usd.toFixed(4)} dollars`);

await run().catch((error: Error) => {
  process.stderr.write(`batch failed: ${error.message.trimEnd()}\n`);
  process.exitCode = 1;
});
