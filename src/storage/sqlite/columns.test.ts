import { getTableColumns } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';
import { results, tickets } from './schema.ts';

describe('GET and POST answers are equal for every column', () => {
  it('of a ticket', async () => {
    const { storage } = openTestStorage();
    const created = await storage.tickets.create({ raw_text: 'x', source: 'web' });
    expect(Object.keys(created)).toEqual(Object.keys(getTableColumns(tickets)));
    expect(await storage.tickets.findById(1)).toEqual(created);
  });

  it.each([
    ['with all metadata', makeNewResult()],
    ['without metadata', makeNewResult({ openai_request_id: null, latency_ms: null, total_tokens: null })],
  ])('of a result %s', async (_name, newResult) => {
    const { storage } = openTestStorage();
    await storage.tickets.create({ raw_text: 'x', source: 'web' });
    await storage.runs.claimRun(1, makeClaimOptions({ force: false, claim: true }));
    const completed = await storage.runs.completeRun(1, newResult, makeRunUsage());
    expect(completed).toMatchObject(newResult);
    expect(Object.keys(completed ?? {})).toEqual(Object.keys(getTableColumns(results)));
    expect(await storage.results.findByTicketId(1)).toEqual(completed);
    expect(await storage.runs.findCachedResult(1)).toEqual(completed);
    expect(await storage.runs.getRunState(1, 1)).toEqual({ state: 'stored', result: completed });
    const claim = await storage.runs.claimRun(1, makeClaimOptions({ force: false, claim: true }));
    expect(claim).toEqual({ state: 'stored', result: completed });
  });
});
