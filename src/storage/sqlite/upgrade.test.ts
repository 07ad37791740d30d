import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drizzleKit, openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions } from '../../testing/fixtures.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { ROOT } from '../../testing/server-process.ts';
import { openSqlite } from './client.ts';
import { migrate } from './migrate.ts';

const MIGRATIONS = `${ROOT}drizzle/sqlite`;
const CREATED_AT = '2026-02-17 16:35:05';

/** Rows as the release of each migration wrote them. */
const TICKETS_AND_RESULTS = `
  INSERT INTO tickets VALUES (1, '${CREATED_AT}', 'email', 'I cannot login 😀', 'done'),
    (2, '${CREATED_AT}', 'web', 'failed', 'failed'), (3, '${CREATED_AT}', 'web', 'new', 'new');
  INSERT INTO results VALUES (7, 1, 'Cannot log in.', 'auth/login', 'Hello', 'gpt-4o-mini', 'v1', '${CREATED_AT}', 'req_9',
    812, 300, 90, 390, 0);`;
const RUNS = `INSERT INTO runs VALUES (1, 3, 3, 'a', NULL, NULL),
  (2, 2, 0, 'b', NULL, '{"code":"llm_refused","message":"refused"}');`;
const RELEASES = [
  { last: '0000_init', rows: TICKETS_AND_RESULTS, hasRuns: false },
  { last: '0001_runs', rows: TICKETS_AND_RESULTS + RUNS, hasRuns: true },
  { last: '0002_status', rows: TICKETS_AND_RESULTS + RUNS, hasRuns: true },
  { last: '0003_rename_run_columns', rows: TICKETS_AND_RESULTS + RUNS, hasRuns: true },
];

/** Creates a database with the migrations up to and including `last`. */
function createReleased({ last, rows }: { last: string; rows: string }): string {
  const folder = temporaryFolder();
  cpSync(MIGRATIONS, `${folder}/drizzle`, { recursive: true });
  const journal = JSON.parse(readFileSync(`${folder}/drizzle/meta/_journal.json`, 'utf8'));
  const end = journal.entries.findIndex(({ tag }: { tag: string }) => tag === last) + 1;
  journal.entries = journal.entries.slice(0, end);
  writeFileSync(`${folder}/drizzle/meta/_journal.json`, JSON.stringify(journal));
  const path = `${folder}/app.db`;
  const sqlite = openSqliteFile(path);
  migrate(sqlite, `${folder}/drizzle`);
  sqlite.exec(rows);
  sqlite.close();
  return path;
}

const byServer = (path: string) => void openSqlite(path).close();
const byDrizzleKit = (path: string) => void drizzleKit('migrate', { DATABASE_URL: path });
const CASES = [
  ...RELEASES.map((release) => ({ ...release, name: 'the server', upgrade: byServer })),
  // Only the newest, because drizzle-kit takes seconds. Its path through all migrations is tested in migrate.test.ts.
  ...RELEASES.slice(-1).map((release) => ({ ...release, name: 'drizzle-kit migrate', upgrade: byDrizzleKit })),
];

describe('upgrade from the schema of each released migration with data', () => {
  it.each(CASES)('$last by $name keeps tickets, results and runs', async ({ upgrade, hasRuns, ...release }) => {
    const path = createReleased(release);
    upgrade(path);
    const { storage } = openTestStorage({}, path);
    expect(storage.appliedMigrations).toEqual([]);

    const created_at = '2026-02-17T16:35:05Z';
    const ticket = { id: 1, created_at, source: 'email', raw_text: 'I cannot login 😀', status: 'done' };
    expect(await storage.tickets.findById(1)).toEqual(ticket);
    expect(await storage.tickets.findById(2)).toMatchObject({ raw_text: 'failed', status: 'failed' });
    expect(await storage.tickets.findById(3)).toMatchObject({ raw_text: 'new', status: 'new' });
    const result = {
      id: 7,
      ticket_id: 1,
      summary: 'Cannot log in.',
      category: 'auth/login',
      reply_draft: 'Hello',
      model: 'gpt-4o-mini',
      prompt_version: 'v1',
      created_at,
      openai_request_id: 'req_9',
      latency_ms: 812,
      input_tokens: 300,
      output_tokens: 90,
      total_tokens: 390,
      cached_tokens: 0,
    };
    expect(await storage.results.findByTicketId(1)).toEqual(result);

    const { summary, category, reply_draft, created_at: _, id: __, ...metadata } = result;
    const succeeded = {
      ...metadata,
      number: hasRuns ? 3 : 1,
      status: 'succeeded',
      created_at,
      started_at: created_at,
      finished_at: created_at,
      error_code: null,
      provider: null,
      attempts: 1,
      cost_usd: null,
      summary,
      category,
      reply_draft,
    };
    expect(await storage.runs.listRuns(1, { limit: 9 })).toEqual([{ id: expect.any(Number), ...succeeded }]);
    const failedRun = { number: 2, status: 'failed', error_code: 'llm_refused', attempts: 0, finished_at: null };
    expect(await storage.runs.listRuns(2, { limit: 9 })).toEqual(hasRuns ? [expect.objectContaining(failedRun)] : []);
    const usage = await storage.usage.report({ from: '2026-02-17', to: '2026-02-17', groupBy: 'model' });
    expect(usage.data).toEqual([
      expect.objectContaining({ group: 'gpt-4o-mini', input_tokens: 300, cost_usd: null, p50_latency_ms: 800 }),
    ]);
    expect(usage.total.runs.succeeded).toBe(1);

    const failure = { code: 'llm_refused', message: 'refused' };
    const failed = hasRuns ? { state: 'failed', failure } : { state: 'released' };
    expect(await storage.runs.getRunState(1, 3)).toEqual(hasRuns ? { state: 'stored', result } : { state: 'released' });
    expect(await storage.runs.getRunState(2, 2)).toEqual(failed);
    const claim = await storage.runs.claimRun(1, makeClaimOptions({ force: true, claim: true }));
    expect(claim).toMatchObject({ state: 'claimed', run: hasRuns ? 4 : 2, wasReclaimed: false });
    expect(await storage.tickets.create({ raw_text: 'x', source: 'web' })).toMatchObject({ id: 4 });
  });
});

describe('upgrade of the runs of 0003_rename_run_columns', () => {
  it('keeps runs under way with their leases, and marks released ones as abandoned', async () => {
    const expiry = Date.now() + 5000;
    const rows = `
      INSERT INTO tickets VALUES (1, '${CREATED_AT}', 'web', 'x', 'processing'), (2, '${CREATED_AT}', 'web', 'x', 'failed'),
        (3, '${CREATED_AT}', 'web', 'x', 'processing');
      INSERT INTO results VALUES (7, 1, 'Old.', 'other', 'Hello', 'gpt-4o-mini', 'v1', '${CREATED_AT}', NULL, NULL, NULL, NULL,
        NULL, NULL);
      INSERT INTO runs VALUES (1, 4, 3, 'a', ${expiry}, NULL), (2, 6, 0, 'b', NULL, NULL), (3, 2, 0, 'c', 5, NULL);`;
    const { storage } = openTestStorage({}, createReleased({ last: '0003_rename_run_columns', rows }));
    const list = async (id: number) =>
      (await storage.runs.listRuns(id, { limit: 9 }))?.map(({ number, status }) => [number, status]);
    expect(await list(1)).toEqual([
      [4, 'running'],
      [3, 'succeeded'],
    ]);
    expect(await storage.runs.claimRun(1, makeClaimOptions({ force: true }))).toEqual({ state: 'running', run: 4 });
    expect(await list(2)).toEqual([[6, 'abandoned']]);
    expect(await storage.runs.claimRun(2, makeClaimOptions())).toMatchObject({ run: 7, wasReclaimed: false });
    await storage.runs.recoverExpiredRuns();
    expect(await list(3)).toEqual([[2, 'abandoned']]);
    expect(await storage.runs.claimRun(3, makeClaimOptions())).toMatchObject({ run: 3, wasReclaimed: true });
  });
});
