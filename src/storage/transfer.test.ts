import { describe, expect, it } from 'vitest';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../testing/fixtures.ts';
import { HAS_POSTGRES } from '../testing/postgres.ts';
import { POSTGRES, SQLITE, type StorageKind } from '../testing/storages.ts';
import { openTransfer } from './open.ts';
import { copyTables, TABLES } from './transfer.ts';
import type { TicketListQuery } from './types.ts';

const TICKET = { raw_text: 'Größe "q" \\ \u2028 😀 請求\n\t', source: "o'x" };
const KEY = { client: 'support', key: 'order-7', requestHash: 'hash' };
const FORCE = makeClaimOptions({ force: true });
const REFUSED = { code: 'llm_refused', message: 'refused' } as const;

/** A source with a row of every kind, and an empty target. The newest ticket has been deleted. */
async function prepare(from: StorageKind, to: StorageKind) {
  const [source, target] = [await from.createDatabase(), await to.createDatabase()];
  const storage = await source.open();
  await storage.tickets.createOnce(TICKET, KEY);
  await storage.tickets.create({ raw_text: 'x', source: 'web' });
  await storage.runs.claimRun(1, FORCE);
  await storage.runs.completeRun(1, makeNewResult({ openai_request_id: null }), makeRunUsage({ cost_usd: 0.1 + 0.2 }));
  await storage.runs.claimRun(1, FORCE);
  await storage.runs.failRun(1, 2, { ...REFUSED, retryAfterMs: 5 }, makeRunUsage({ cost_usd: null }));
  await storage.runs.claimRun(2, FORCE);
  await storage.queuedRuns.enqueueRun(2, { force: false }); // a background run from now on
  const filter = { status: ['new' as const], createdAfter: new Date(0), q: '"ß' };
  await storage.batches.create({ definition: { filter }, force: true, total: 2 }, KEY);
  const position = { created_at: '2026-02-17T16:35:05Z', id: 1 };
  await storage.batches.enqueueChunk(1, { from: null, ticketIds: [1], next: position });
  const { id } = await storage.tickets.create(TICKET);
  await storage.tickets.delete(id);
  await target.open(); // creates the tables
  return { source, target, storage };
}

async function copy(sourceUrl: string, targetUrl: string, onProgress = () => {}) {
  const source = await openTransfer(sourceUrl, 'source');
  const target = await openTransfer(targetUrl, 'target');
  try {
    return await copyTables(source, target, onProgress);
  } finally {
    await target.close();
    await source.close();
  }
}

describe.skipIf(!HAS_POSTGRES).each([
  ['SQLite', 'PostgreSQL', SQLITE, POSTGRES],
  ['PostgreSQL', 'SQLite', POSTGRES, SQLITE],
] as const)('a copy from %s to %s', (_from, _to, from, to) => {
  it('has all rows, reads as the source does, and continues the ids', async () => {
    const { source, target, storage } = await prepare(from, to);
    const tables = await copy(source.url, target.url);
    expect(tables.map(({ table, rows }) => [table, rows])).toEqual([
      ['tickets', 2],
      ['ticket_search', 2],
      ['results', 1],
      ['batches', 1],
      ['runs', 4],
      ['usage_daily', 2],
      ['idempotency_keys', 1],
    ]);
    const copied = await target.open();
    for (const id of [1, 2]) {
      expect(await copied.tickets.findById(id)).toEqual(await storage.tickets.findById(id));
      expect(await copied.runs.listRuns(id, { limit: 10 })).toEqual(await storage.runs.listRuns(id, { limit: 10 }));
    }
    expect(await copied.batches.findById(1)).toEqual(await storage.batches.findById(1));
    expect(await copied.batches.findOpen()).toEqual(await storage.batches.findOpen());
    const query: TicketListQuery = { filter: { q: TICKET.raw_text }, order: 'oldest', limit: 10 };
    expect(await copied.tickets.list(query)).toEqual(await storage.tickets.list(query));
    expect(await copied.results.findByTicketId(1)).toEqual(await storage.results.findByTicketId(1));
    expect(await copied.tickets.createOnce(TICKET, KEY)).toMatchObject({ ticket: { id: 1 }, isReplay: true });
    expect(await copied.tickets.create(TICKET)).toMatchObject({ id: 4 }); // 3 was deleted
    await copied.runs.recoverExpiredRuns();
    expect(await copied.runs.findRun(2, 1)).toMatchObject({ status: 'abandoned' });
    const claim = await copied.queuedRuns.claimQueuedRuns({ limit: 9, origin: FORCE.origin });
    expect(claim).toMatchObject({
      runs: [
        { ticketId: 1, run: 3 },
        { ticketId: 2, run: 2 },
      ],
    });
    expect(await copied.batches.create({ definition: { ids: [1] }, force: true, total: 1 })).toMatchObject({
      batch: { id: 2 },
    });
  });

  it('has the same checksums as a copy back', async () => {
    const { source, target } = await prepare(from, to);
    const tables = await copy(source.url, target.url);
    const back = await from.createDatabase();
    await back.open();
    expect(await copy(target.url, back.url)).toEqual(tables);
  });

  it('leaves the target empty if it is interrupted', async () => {
    const { source, target } = await prepare(from, to);
    const interrupt = () => {
      throw new Error('interrupted');
    };
    await expect(copy(source.url, target.url, interrupt)).rejects.toThrow('interrupted');
    for (const table of TABLES) expect(await target.query(`SELECT 1 FROM ${table}`)).toEqual([]);
    expect(await (await target.open()).tickets.create(TICKET)).toMatchObject({ status: 'new' });
  });

  it('refuses a target with rows', async () => {
    const { source, target } = await prepare(from, to);
    await (await target.open()).tickets.create(TICKET);
    await expect(copy(source.url, target.url)).rejects.toThrow('the target must be empty, but it has rows in tickets');
  });
});

describe.skipIf(!HAS_POSTGRES)('a copy to PostgreSQL', () => {
  it('leaves statistics for the query planner', async () => {
    const { source, target } = await prepare(SQLITE, POSTGRES);
    const lastAnalyze = () => target.query("SELECT last_analyze FROM pg_stat_user_tables WHERE relname = 'tickets'");
    const before = await lastAnalyze();
    await copy(source.url, target.url);
    await expect.poll(lastAnalyze).not.toEqual(before);
  });
});
