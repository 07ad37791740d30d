import { AppError } from '../errors.ts';
import type { RunRepository } from '../storage/types.ts';
import type { RunTally } from './run-tally.ts';

const DAY_MS = 24 * 3600 * 1000;

/** The runs that started today (UTC) have cost as much as the daily budget. */
export const budgetExhausted = () =>
  new AppError('budget_exhausted', "today's budget for the model is used up", {
    retryAfterMs: DAY_MS - (Date.now() % DAY_MS), // until midnight UTC
  });

export interface BudgetOptions {
  runs: Pick<RunRepository, 'isBudgetExhausted'>;
  /** Starts no run and no provider call if the runs that started today (UTC) have cost as much. */
  dailyBudgetUsd?: number | undefined;
}

/** Checks the budget before each provider call: it may be used up since the run was claimed. */
export function createBudgetGuard({ runs, dailyBudgetUsd }: BudgetOptions) {
  /** Of the runs that have made a call and have not ended: the storage does not have their cost yet. */
  const openTallies = new Set<Pick<RunTally, 'usage'>>();
  return {
    openTallies,
    /** @throws AppError `budget_exhausted` */
    async assertBudget(): Promise<void> {
      if (dailyBudgetUsd === undefined) return;
      const usages = await Promise.all([...openTallies].map((tally) => tally.usage()));
      const openUsd = usages.reduce((sum, { cost_usd }) => sum + (cost_usd ?? 0), 0);
      if (await runs.isBudgetExhausted(dailyBudgetUsd - openUsd)) throw budgetExhausted();
    },
  };
}
