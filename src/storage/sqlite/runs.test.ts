import { drizzle } from 'drizzle-orm/better-sqlite3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions } from '../../testing/fixtures.ts';
import { prepareRunStatements } from './run-statements.ts';

describe('getRunState', () => {
  it('treats a lease from before the clock was set back as expired', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const { path, storage: ours } = openTestStorage();
    const { storage: theirs } = openTestStorage({}, path);
    await ours.tickets.create({ raw_text: 'x', source: 'web' });
    await ours.runs.claimRun(1, makeClaimOptions());
    vi.setSystemTime(Date.now() - 3_600_000);
    expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'released' });
  });
});

describe('the statements of the recovery', () => {
  it.each([
    ['findExpired', /^(?:SCAN|SEARCH) runs USING INDEX runs_running/],
    ['findOrphan', /^SEARCH tickets USING (?:COVERING )?INDEX tickets_status/],
    ['restoreOrphans', /^SEARCH tickets USING (?:COVERING )?INDEX tickets_status/],
  ] as const)('reads no more than it needs (%s)', async (name, step) => {
    const { path } = openTestStorage();
    const sqlite = openSqliteFile(path);
    const { sql, params } = prepareRunStatements(drizzle(sqlite))[name].getQuery();
    const values = params.map((value) => (typeof value === 'string' ? value : 0));
    const plan = sqlite.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
    expect(plan.map(({ detail }) => detail)).toContainEqual(expect.stringMatching(step));
  });
});
