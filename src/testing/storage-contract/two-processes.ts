import { makeClaimOptions } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';

export const FORCE = makeClaimOptions({ force: true });
export const REUSE = makeClaimOptions({ force: false });
export const REFUSED = { code: 'llm_refused', message: 'refused' } as const;
export const TICKET = { raw_text: 'x', source: 'web' };

const LEASE_MS = 60_000;

/** Two storages on one database act like two processes. The database has one ticket. */
export async function twoProcesses({ createDatabase }: StorageKind) {
  const database = await createDatabase();
  const ours = await database.open({ leaseMs: LEASE_MS });
  const theirs = await database.open({ leaseMs: LEASE_MS });
  await ours.tickets.create(TICKET);
  const expireLeases = () => database.letTimePass(LEASE_MS / 1000 + 1);
  return { database, ours, theirs, expireLeases };
}
