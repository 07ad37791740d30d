import { PgDialect } from 'drizzle-orm/pg-core';
import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../schemas/result.ts';
import { HAS_POSTGRES } from '../../testing/postgres.ts';
import { POSTGRES } from '../../testing/storages.ts';
import { selectBlock } from './list.ts';

describe.skipIf(!HAS_POSTGRES)('selectBlock', () => {
  it.each(['newest', 'oldest'] as const)('reads only the tickets of a status, %s first', async (order) => {
    const { open, query } = await POSTGRES.createDatabase();
    await open(); // creates the tables
    await query(`
      INSERT INTO tickets (raw_text, source, status, category)
      SELECT 'x', 'web', 'done', (ARRAY['${CATEGORIES.join("', '")}'])[1 + n % ${CATEGORIES.length}]
      FROM generate_series(1, 5000) AS n`);
    await query("INSERT INTO tickets (raw_text, source) SELECT 'x', 'web' FROM generate_series(1, 100)");
    await query('ANALYZE tickets');
    const statement = selectBlock({ filter: { status: ['done'] }, order, limit: 25 }, 26);
    const { sql } = new PgDialect().sqlToQuery(statement.inlineParams());
    const plan = (await query(`EXPLAIN (COSTS OFF) ${sql}`)).map((row) => String(row['QUERY PLAN']));
    const scans = plan.filter((line) => line.includes(' on tickets'));
    expect(scans).toHaveLength(CATEGORIES.length + 1); // one for no category
    for (const scan of scans) expect(scan).toContain(' using tickets_status_category on ');
  });
});
