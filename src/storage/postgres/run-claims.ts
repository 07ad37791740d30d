import type { ClaimOptions, ClaimResult, RunRepository } from '../types.ts';
import type { Availability } from './availability.ts';
import type { Connections } from './connections.ts';
import { createRunBatcher } from './run-batcher.ts';
import { type ClaimInput, prepareClaim } from './run-claim-statement.ts';
import type { RunConditions } from './run-conditions.ts';
import type { prepareRunReads } from './run-reads.ts';
import { untilDecided } from './until-decided.ts';
import type { Writer } from './writer.ts';

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
    if (row.claimedRun !== null) {
      return {
        state: 'claimed',
        run: row.claimedRun,
        text: row.text,
        backgroundRun: row.backgroundRun ?? undefined,
        wasReclaimed: row.hasOwner, // a released run has no owner, so only an expired one was reclaimed
      };
    }
    if (row.isLeased) return { state: 'running', run: row.newestRun };
    if (row.hasResult) {
      const [result] = await reads.findResult.execute({ ticketId });
      return result && { state: 'stored', result };
    }
    if (row.isOverBudget) return { state: 'budget_exhausted' };
    return options.claim ? undefined : { state: 'unclaimed' };
  }

  return { claimRun: (ticketId, options) => untilDecided(() => tryToClaim(ticketId, options)) };
}
