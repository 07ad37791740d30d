import { AppError } from '../../errors.ts';

/** Attempts that fail because another process was faster; its commit is visible to the next one. */
const MAX_ATTEMPTS = 20;

/**
 * Repeats a statement until it returns more than undefined.
 *
 * @throws AppError `storage_unavailable` if every attempt fails.
 */
export async function untilDecided<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let count = 1; count <= MAX_ATTEMPTS; count += 1) {
    const decision = await attempt();
    if (decision !== undefined) return decision;
  }
  const cause = new Error(`other processes were faster in each of ${MAX_ATTEMPTS} attempts`);
  throw new AppError('storage_unavailable', 'the database cannot be used now', { cause });
}
