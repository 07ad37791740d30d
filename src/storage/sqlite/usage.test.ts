import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { prepareRunStatements } from './run-statements.ts';
import { prepareCostStatements } from './usage.ts';

describe('the statements', () => {
  const planOf = (choose: (db: BetterSQLite3Database) => { getQuery(): { sql: string; params: unknown[] } }) => {
    const sqlite = openSqliteFile(openTestStorage().path);
    const { sql, params } = choose(drizzle(sqlite)).getQuery();
    const values = params.map((value) => (typeof value === 'string' ? value : 0));
    const plan = sqlite.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
    return plan.map(({ detail }) => detail).join('\n');
  };

  it.each([
    'abandon',
    'startQueued',
    'findByNumber',
    'list',
    'findRun',
    'findNewest',
    'complete',
    'addLateUsage',
  ] as const)('reads runs by an index (%s)', (name) => {
    const plan = planOf((db) => prepareRunStatements(db)[name]);
    expect(plan).toMatch(/(?:SEARCH|SCAN) runs USING INDEX runs_/);
    expect(plan).not.toMatch(/SCAN (?!runs USING INDEX runs_active)/);
  });

  it('reads the cost of a day by indexes', () => {
    expect(planOf((db) => prepareCostStatements(db).ended)).toMatch(
      /^SEARCH usage_daily USING PRIMARY KEY \(day=\?\)$/,
    );
    expect(planOf((db) => prepareCostStatements(db).abandoned)).toBe(
      'SEARCH runs USING INDEX runs_abandoned (started_at>? AND started_at<?)',
    );
  });
});
