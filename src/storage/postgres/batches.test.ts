import { describe, expect, it } from 'vitest';
import { HAS_POSTGRES } from '../../testing/postgres.ts';
import { POSTGRES } from '../../testing/storages.ts';

describe.skipIf(!HAS_POSTGRES)('batches.findOpen on PostgreSQL', () => {
  it('reads the definition only until all tickets are queued', async () => {
    const { batches } = await (await POSTGRES.createDatabase()).open();
    await batches.create({ definition: { ids: [1, 2] }, force: true, total: 2 });
    await batches.enqueueChunk(1, { from: null, ticketIds: [1], next: 1 });
    expect(await batches.findOpen()).toMatchObject([{ definition: { ids: [1, 2] } }]);
    await batches.enqueueChunk(1, { from: 1, ticketIds: [2], next: null });
    expect(await batches.findOpen()).toMatchObject([{ definition: { ids: [] }, isExpanded: true }]);
  });
});
