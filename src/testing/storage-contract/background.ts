import type { Storage } from '../../storage/types.ts';
import { makeClaimOptions } from '../fixtures.ts';

/** What the tests of background runs have in common. */
export const CLAIM_ALL = { limit: 100, origin: makeClaimOptions().origin };
export const NO_CLAIM = { state: 'claimed', runs: [] };

export const enqueue = ({ queuedRuns }: Storage, ticketId = 1, force = false) =>
  queuedRuns.enqueueRun(ticketId, { force });

export const statusOf = async ({ tickets }: Storage, id = 1) => (await tickets.findById(id))?.status;

/** The number and status of a ticket's runs, newest first. */
export const runsOf = async ({ runs }: Storage, ticketId = 1) =>
  (await runs.listRuns(ticketId, { limit: 10 }))?.map(({ number, status }) => [number, status]);
