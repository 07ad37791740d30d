import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../../testing/fixtures.ts';

const FORCE = makeClaimOptions({ force: true });
const TICKET = { raw_text: 'x', source: 'web' };
const KEY = { client: 'support', key: 'order-7', requestHash: 'hash-of-x' };

function twoProcesses() {
  const { path, storage: ours } = openTestStorage();
  return { path, ours, theirs: openTestStorage({}, path).storage };
}

describe('delete', () => {
  it('deletes the ticket with its result, runs and keys', async () => {
    const { path, ours, theirs } = twoProcesses();
    await ours.tickets.createOnce(TICKET, KEY);
    await ours.tickets.create(TICKET);
    await ours.runs.claimRun(1, FORCE);
    await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
    expect(await theirs.tickets.delete(1)).toBe(true);
    expect(await ours.tickets.delete(1)).toBe(false);
    expect(await ours.tickets.findById(1)).toBeUndefined();
    expect(await ours.runs.findRun(1, 1)).toBeUndefined();
    const sqlite = openSqliteFile(path);
    const count = (table: string) => sqlite.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
    expect(['tickets', 'results', 'runs', 'idempotency_keys'].map(count)).toEqual([1, 0, 0, 0]);
    expect(sqlite.pragma('foreign_key_check')).toEqual([]);
  });

  it('fences off a run under way', async () => {
    const { ours, theirs } = twoProcesses();
    await ours.tickets.create(TICKET);
    await ours.runs.claimRun(1, FORCE);
    await theirs.tickets.delete(1);
    expect(await ours.runs.renewLeases([1])).toEqual([]);
    expect(await ours.runs.completeRun(1, makeNewResult(), makeRunUsage())).toBeUndefined();
    expect(await ours.runs.failRun(1, 1, { code: 'llm_timeout', message: 'late' }, makeRunUsage())).toBe(false);
    expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'released' });
    expect(await ours.runs.claimRun(1, FORCE)).toEqual({ state: 'ticket_not_found' });
    expect(await ours.results.findByTicketId(1)).toBeUndefined();
  });

  it('leaves nothing of the text in the database file after a checkpoint', async () => {
    const { path, ours } = twoProcesses();
    const secret = `secret-${'0123456789'.repeat(2000)}`; // longer than a page
    await ours.tickets.create({ raw_text: secret, source: 'web' });
    await ours.runs.claimRun(1, FORCE);
    await ours.runs.completeRun(1, makeNewResult({ summary: `short ${secret.slice(0, 30)}` }), makeRunUsage());
    const sqlite = openSqliteFile(path);
    const occurs = () => {
      sqlite.pragma('wal_checkpoint(TRUNCATE)');
      return readFileSync(path).includes('secret-') || readFileSync(path).includes('0123456789');
    };
    expect(occurs()).toBe(true);
    await ours.tickets.delete(1);
    expect(occurs()).toBe(false);
  });
});

describe('deleteCreatedBefore', () => {
  it('deletes the oldest tickets first, at most so many, and none twice', async () => {
    const { path, ours, theirs } = twoProcesses();
    for (let id = 1; id <= 25; id += 1) await ours.tickets.create(TICKET);
    openSqliteFile(path).exec("UPDATE tickets SET created_at = '2026-02-17 00:00:' || printf('%02d', id)");
    const before = new Date('2026-02-17T00:00:21Z');
    expect(await ours.tickets.deleteCreatedBefore(before, 5)).toBe(5);
    expect(await ours.tickets.findById(5)).toBeUndefined();
    expect(await ours.tickets.findById(6)).toBeDefined();
    const counts = await Promise.all(
      [ours, theirs, ours, theirs].map(({ tickets }) => tickets.deleteCreatedBefore(before, 7)),
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(15);
    expect(await ours.tickets.findById(21)).toBeDefined();
  });
});
