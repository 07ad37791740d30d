import { expect } from 'vitest';
import type { QueueClaimResult, Storage } from '../../storage/types.ts';
import type { StorageKind } from '../storages.ts';
import { TICKET, twoProcesses } from './two-processes.ts';

/** The batch of `withBatch` as it is created. */
export const NEW_BATCH = {
  id: 1,
  created_at: expect.stringMatching(/^\d{4}-.+:\d\dZ$/),
  finished_at: null,
  total: 3,
  queued: 3,
  running: 0,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  cost_usd: null,
};

/** Tickets 1 to 3 and a batch of them. */
export async function withBatch(kind: StorageKind, { force = false, ids = [1, 2, 3] } = {}) {
  const processes = await twoProcesses(kind);
  for (let id = 2; id <= 3; id += 1) await processes.ours.tickets.create(TICKET);
  await processes.ours.batches.create({ definition: { ids }, force, total: ids.length });
  return processes;
}

/** Queues all tickets of the batch. */
export const expand = ({ batches }: Storage, ticketIds = [1, 2, 3]) =>
  batches.enqueueChunk(1, { from: null, ticketIds, next: null });

export const batchOf = ({ batches }: Storage) => batches.findById(1);

export const claimedIds = (claim: QueueClaimResult | undefined) =>
  claim?.state === 'claimed' ? claim.runs.map(({ ticketId }) => ticketId) : [];
