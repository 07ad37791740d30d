import assert from 'node:assert/strict';
import { createDatabase, type DatabaseOptions } from './data.ts';
import { type Load, measureLoad, requestOptions } from './load.ts';
import type { Server } from './processes.ts';
import type { Scenario } from './scenario.ts';
import { startBaseline, startService } from './servers.ts';

/** Puts the baseline and the service under the same load, each with a database of its own. */
export const compareWithBaseline =
  (database: DatabaseOptions, load: Load): Scenario['setUp'] =>
  async ({ seconds }) => {
    const baseline = await startBaseline(await createDatabase(database));
    const service = await startService(await createDatabase(database));
    await assertSameResponse(baseline, service, load);
    return {
      baseline: () => measureLoad(baseline, { ...load, seconds }),
      service: () => measureLoad(service, { ...load, seconds }),
    };
  };

/** The comparison is fair only if both do the same work. */
export async function assertSameResponse(baseline: Server, service: Server, load: Load): Promise<void> {
  const path = typeof load.path === 'string' ? load.path : load.path();
  const request = async ({ url }: Server) => {
    const response = await fetch(url + path, requestOptions(load));
    const body = (await response.json()) as { created_at: string };
    // The databases were made at different times.
    return { status: response.status, body: { ...body, created_at: body.created_at.length } };
  };
  assert.deepEqual(await request(baseline), await request(service));
}
