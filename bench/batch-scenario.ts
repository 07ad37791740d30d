import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch } from '../src/schemas/batch.ts';
import type { Server } from './processes.ts';
import type { Scenario } from './scenario.ts';
import { startClientAndProvider } from './servers.ts';

const PROVIDER_MS = 200;
const CONCURRENCY = 32; // the default

/** @param createDatabase creates a database with so many new tickets and returns its URL */
export const batchScenario = (createDatabase: (tickets: number) => Promise<string>): Scenario => ({
  name: 'batch',
  title: `POST /batches of 10,000 tickets, the provider takes 200 ms, BACKGROUND_CONCURRENCY=${CONCURRENCY}`,
  rounds: 1,
  warmUpRounds: 0,
  targets: [{ metric: 'requestsPerSecond', numerator: 'service', denominator: 'all slots busy', atLeast: 0.9 }],
  async setUp({ batch: tickets }) {
    const settings = { BACKGROUND_CONCURRENCY: String(CONCURRENCY) };
    const { service } = await startClientAndProvider(PROVIDER_MS, () => createDatabase(tickets), settings);
    return {
      'all slots busy': async () => ({ requestsPerSecond: CONCURRENCY / (PROVIDER_MS / 1000) }),
      service: async () => ({ requestsPerSecond: tickets / (await processAll(service)) }),
    };
  },
});

/** Processes all tickets in a batch, and returns how long that took, in seconds. */
async function processAll({ url }: Server): Promise<number> {
  const start = performance.now();
  const body = JSON.stringify({ filter: {} });
  const response = await fetch(`${url}/batches`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  const { total } = (await response.json()) as Batch;
  for (;;) {
    const batch = (await (await fetch(url + response.headers.get('location'))).json()) as Batch;
    if (batch.finished_at !== null) {
      if (batch.succeeded !== total) throw new Error(`not every ticket was processed: ${JSON.stringify(batch)}`);
      return (performance.now() - start) / 1000;
    }
    await sleep(50);
  }
}
