import { describe, expect, it } from 'vitest';
import type { Storage } from '../../storage/types.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { FORCE, oneProcess, REFUSED, TICKET, twoProcesses } from './two-processes.ts';

const WITH_BUDGET = makeClaimOptions({ force: true, dailyBudgetUsd: 0.01 });
const DAY_SECONDS = 24 * 3600;

/** Ends the first run of ticket 1 at the cost of the whole budget. */
const end = {
  succeeded: ({ runs }: Storage) => runs.completeRun(1, makeNewResult(), makeRunUsage({ cost_usd: 0.01 })),
  failed: ({ runs }: Storage) => runs.failRun(1, 1, REFUSED, makeRunUsage({ cost_usd: 0.01 })),
  released: ({ runs }: Storage) => runs.releaseRun(1, 1, makeRunUsage({ cost_usd: 0.01 })),
};

export function describeBudget(kind: StorageKind) {
  describe('runs.claimRun with a daily budget', () => {
    it.each(['succeeded', 'failed', 'released'] as const)('counts runs of other processes that %s', async (outcome) => {
      const { ours, theirs } = await twoProcesses(kind);
      await theirs.tickets.create(TICKET);
      expect(await ours.runs.claimRun(1, WITH_BUDGET)).toMatchObject({ state: 'claimed' });
      expect(await theirs.runs.claimRun(2, WITH_BUDGET)).toMatchObject({ state: 'claimed' }); // nothing paid yet
      expect(await theirs.runs.releaseRun(2, 1, makeRunUsage({ cost_usd: null }))).toBe(true);
      await end[outcome](ours);
      expect(await theirs.runs.claimRun(2, WITH_BUDGET)).toEqual({ state: 'budget_exhausted' });
      expect(await theirs.runs.claimRun(2, { ...WITH_BUDGET, claim: false })).toEqual({ state: 'budget_exhausted' });
      expect(await theirs.runs.claimRun(2, FORCE)).toMatchObject({ state: 'claimed' });
    });

    it('counts the late usage of an owner that was fenced off', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, WITH_BUDGET);
      await expireLeases();
      await theirs.runs.claimRun(1, WITH_BUDGET);
      await theirs.runs.failRun(1, 2, REFUSED, makeRunUsage({ cost_usd: 0 }));
      await end.succeeded(ours);
      expect(await theirs.runs.claimRun(1, WITH_BUDGET)).toEqual({ state: 'budget_exhausted' });
    });

    it('still reports stored results and runs under way', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.tickets.create(TICKET);
      await ours.runs.claimRun(2, FORCE);
      await ours.runs.claimRun(1, FORCE);
      const result = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage({ cost_usd: 1 }));
      const options = { ...WITH_BUDGET, force: false };
      expect(await theirs.runs.claimRun(1, options)).toEqual({ state: 'stored', result });
      expect(await theirs.runs.claimRun(2, options)).toEqual({ state: 'running', run: 1 });
      expect(await theirs.runs.claimRun(3, options)).toEqual({ state: 'ticket_not_found' });
    });

    it('starts anew on the next UTC date', async () => {
      const { database, ours } = await oneProcess(kind);
      await ours.runs.claimRun(1, FORCE);
      await end.failed(ours);
      expect(await ours.runs.claimRun(1, WITH_BUDGET)).toEqual({ state: 'budget_exhausted' });
      await database.letTimePass(DAY_SECONDS);
      expect(await ours.runs.claimRun(1, WITH_BUDGET)).toMatchObject({ state: 'claimed' });
    });

    it('keeps counting the runs of deleted tickets', async () => {
      const { ours } = await oneProcess(kind);
      await ours.tickets.create(TICKET);
      await ours.runs.claimRun(1, FORCE);
      await end.released(ours);
      await ours.tickets.delete(1);
      expect(await ours.runs.claimRun(2, WITH_BUDGET)).toEqual({ state: 'budget_exhausted' });
    });
  });

  describe('isBudgetExhausted', () => {
    it('compares a budget with the cost of the runs that started today', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      expect(await theirs.runs.isBudgetExhausted(0.01)).toBe(false);
      await end.succeeded(ours);
      expect(await theirs.runs.isBudgetExhausted(0.01)).toBe(true);
      expect(await theirs.runs.isBudgetExhausted(0.02)).toBe(false);
    });
  });
}
