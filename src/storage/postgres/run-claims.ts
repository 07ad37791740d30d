import type { ClaimOptions, ClaimResult, RunRepository } from '../types.ts';
import type { Availability } from './availability.ts';
import type { Connections } from './connections.ts';
import { createRunBatcher } from './run-batcher.ts';
import { type ClaimInput, prepareClaim } from './run-claim-statement.ts';
import type { RunConditions } from './run-conditions.ts';
import type { prepareRunReads } from './run-reads.ts';
import type { Writer } from './writer.ts';

/** Claims that fail because another process was faster; its claim is visible to the next attempt. */
const MAX_CLAIM_ATTEMPTS = 20;

export interface RunClaimsOptions {
  conditions: RunConditions;
  reads: Pick<ReturnType<typeof prepareRunReads>, 'findResult'>;
  writer: Pick<Writer, 'write'>;
  availability: Pick<Availability, 'wasInterruptedWithin'>;
  leaseMs: number;
}

export function createRunClaims(
  { pool }: Pick<Connections, 'pool'>,
  { conditions, reads, writer, availability, leaseMs }: RunClaimsOptions,
): Pick<RunRepository, 'claimRun'> {
  const statement = prepareClaim(pool, conditions);

  const claim = createRunBatcher(writer, (batch: ClaimInput[]) => {
    // The database could not be used a moment ago, perhaps neither by owners that had to renew their leases.
    const othersMayBeBlocked = availability.wasInterruptedWithin(leaseMs / 4);
    return statement.execute({ claims: JSON.stringify(batch), othersMayBeBlocked });
  });

  async function tryToClaim(ticketId: number, options: ClaimOptions): Promise<ClaimResult | undefined> {
    const { origin, force, dailyBudgetUsd = null } = options;
    const input = { ticket_id: ticketId, force, claim: options.claim, daily_budget_usd: dailyBudgetUsd, ...origin };
    const row = await claim(input);
    if (!row) return { state: 'ticket_not_found' };
    if (row.isClaimed) {
      // A released run has no owner, so only an expired one was reclaimed.
      return { state: 'claimed', run: row.newestRun + 1, text: row.text, wasReclaimed: row.hasOwner };
    }
    if (row.isLeased) return { state: 'running', run: row.newestRun };
    if (row.hasResult) {
      const [result] = await reads.findResult.execute({ ticketId });
      return result && { state: 'stored', result };
    }
    if (row.isOverBudget) return { state: 'budget_exhausted' };
    return options.claim ? undefined : { state: 'unclaimed' };
  }

  return {
    async claimRun(ticketId, options) {
      for (let attempt = 1; attempt <= MAX_CLAIM_ATTEMPTS; attempt += 1) {
        const result = await tryToClaim(ticketId, options);
        if (result) return result;
      }
      throw new Error(`no run of the ticket could be claimed in ${MAX_CLAIM_ATTEMPTS} attempts`);
    },
  };
}
