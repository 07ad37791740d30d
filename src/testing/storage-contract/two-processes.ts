import type { CleanUp } from '../clean-up.ts';
import { makeClaimOptions } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';

export const FORCE = makeClaimOptions({ force: true });
export const REUSE = makeClaimOptions({ force: false });
export const REFUSED = { code: 'llm_refused', message: 'refused' } as const;
export const TICKET = { raw_text: 'x', source: 'web' };

const LEASE_MS = 60_000;

/** A storage on a database with one ticket. */
export async function oneProcess({ createDatabase }: StorageKind, cleanUp?: CleanUp) {
  const database = await createDatabase(cleanUp);
  const ours = await database.open({ leaseMs: LEASE_MS });
  await ours.tickets.create(TICKET);
  const expireLeases = () => database.letTimePass(LEASE_MS / 1000 + 1);
  return { database, ours, expireLeases };
}

/** Two storages on one database act like two processes. */
export async function twoProcesses(kind: StorageKind) {
  const process = await oneProcess(kind);
  const theirs = await process.database.open({ leaseMs: LEASE_MS });
  return { ...process, theirs };
}
