import Database from 'better-sqlite3';
import type { ErrorCode } from '../src/errors.ts';
import { CATEGORIES } from '../src/schemas/result.ts';
import { openSqlite } from '../src/storage/sqlite/client.ts';
import { newFile } from './data.ts';
import { NEW_TICKET } from './ticket.ts';

/**
 * A new database with this many runs of one ticket, spread over the last 30 days: 2 models, 3 prompt versions, 6
 * categories, latencies of 0.4–6 s. Of 200 runs, 9 have failed and one is abandoned.
 */
export async function createUsageDatabase(runs: number): Promise<string> {
  const file = newFile();
  const storage = openSqlite(file);
  await storage.tickets.create(NEW_TICKET);
  await storage.close();
  const sqlite = new Database(file);
  sqlite.exec(insertRuns(runs));
  sqlite.exec(INSERT_SUMS);
  sqlite.close();
  return file;
}

/** SQL for a random one of the values. */
function pick(values: readonly string[]): string {
  const cases = values.map((value, index) => `WHEN ${index} THEN '${value}'`);
  return `CASE abs(random() % ${values.length}) ${cases.join(' ')} END`;
}

const FAILURES: ErrorCode[] = ['llm_timeout', 'llm_rate_limited', 'llm_unavailable', 'llm_invalid_output'];

const insertRuns = (runs: number) => `
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${runs}),
    outcomes AS (
      SELECT n, datetime('now', '-' || (n % 30) || ' days') AS time,
        CASE WHEN n * 7919 % 200 = 0 THEN 'abandoned' WHEN n * 7919 % 200 < 10 THEN 'failed' ELSE 'succeeded' END
          AS status
      FROM numbers)
  INSERT INTO runs (ticket_id, number, status, created_at, started_at, finished_at, error_code, prompt_version, provider,
    model, attempts, latency_ms, input_tokens, output_tokens, total_tokens, cached_tokens, cost_usd, category)
  SELECT 1, n, status, time, time, time,
    CASE status WHEN 'failed' THEN ${pick(FAILURES)} END,
    ${pick(['v1', 'v2', 'v3'])}, 'openai', ${pick(['gpt-4o-mini', 'gpt-4o'])}, 1,
    CASE status WHEN 'succeeded' THEN 400 + abs(random() % 60) * abs(random() % 100) END, 120, 40, 160, 64, 0.0001,
    CASE status WHEN 'succeeded' THEN ${pick(CATEGORIES)} END
  FROM outcomes`;

/** As the service keeps them: see src/storage/sqlite/usage.ts. */
const INSERT_SUMS = `
  INSERT INTO usage_daily
  SELECT substr(started_at, 1, 10), provider, model, prompt_version, coalesce(category, ''), coalesce(error_code, ''),
    status,
    coalesce((latency_ms + step / 2) / step * step, -1) AS latency,
    count(*), sum(attempts), sum(input_tokens), sum(output_tokens), sum(total_tokens), sum(cached_tokens), sum(cost_usd)
  FROM (
    SELECT *, CASE WHEN latency_ms < 500 THEN 20 WHEN latency_ms < 1000 THEN 50 WHEN latency_ms < 2000 THEN 100
      WHEN latency_ms < 5000 THEN 200 ELSE 500 END AS step
    FROM runs WHERE status IN ('succeeded', 'failed'))
  GROUP BY 1, provider, model, prompt_version, category, error_code, status, latency`;
