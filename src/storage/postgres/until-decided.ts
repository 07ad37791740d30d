/** Attempts that fail because another process was faster; its commit is visible to the next one. */
const MAX_ATTEMPTS = 20;

/** Repeats a statement until it returns more than undefined. */
export async function untilDecided<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let count = 1; count <= MAX_ATTEMPTS; count += 1) {
    const decision = await attempt();
    if (decision !== undefined) return decision;
  }
  throw new Error(`the state of a ticket has changed in each of ${MAX_ATTEMPTS} attempts`);
}
