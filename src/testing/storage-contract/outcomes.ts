import { describe, expect, it } from 'vitest';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { FORCE, oneProcess, REFUSED, REUSE, twoProcesses } from './two-processes.ts';

export function describeOutcomes(kind: StorageKind) {
  describe('runs.completeRun', () => {
    it.each([
      ['with all metadata', makeNewResult()],
      ['without metadata', makeNewResult({ openai_request_id: null, latency_ms: null, total_tokens: null })],
      ['with large numbers', makeNewResult({ latency_ms: 3_000_000_000, total_tokens: 2 ** 40 })],
      ['with unusual characters', makeNewResult({ summary: `'"\\ 🧑‍🚀`, reply_draft: ' \r\n\t\u0001' })],
    ])('returns the stored result as every other method does (%s)', async (_name, newResult) => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, REUSE);
      const result = await ours.runs.completeRun(1, newResult, makeRunUsage());
      expect(result).toEqual({ ...newResult, id: 1, created_at: expect.stringMatching(/^\d{4}-.+:\d\dZ$/) });
      for (const { results, runs } of [ours, theirs]) {
        expect(await results.findByTicketId(1)).toEqual(result);
        expect(await runs.findCachedResult(1)).toEqual(result);
        expect(await runs.getRunState(1, 1)).toEqual({ state: 'stored', result });
        expect(await runs.claimRun(1, REUSE)).toEqual({ state: 'stored', result });
      }
      expect(Object.keys((await theirs.results.findByTicketId(1)) ?? {})).toEqual(Object.keys(result ?? {}));
    });

    it('overwrites the older result of the ticket, which keeps its id', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.completeRun(1, makeNewResult({ summary: 'old' }), makeRunUsage());
      await database.query("UPDATE results SET created_at = '2026-02-17 00:00:00'");
      await theirs.runs.claimRun(1, FORCE);
      const newer = makeNewResult({ summary: 'new', category: 'billing', latency_ms: null });
      const result = await theirs.runs.completeRun(2, newer, makeRunUsage());
      expect(result).toMatchObject({ ...newer, id: 1 });
      expect(result?.created_at).not.toMatch('2026-02-17');
      expect(await ours.results.findByTicketId(1)).toEqual(result);
      expect(await database.query('SELECT summary FROM results')).toEqual([{ summary: 'new' }]);
    });

    it('stores the results of many tickets that end at once', async () => {
      const { ours } = await oneProcess(kind);
      const ids = Array.from({ length: 30 }, (_, n) => n + 2);
      for (const id of ids) {
        await ours.tickets.create({ raw_text: 'x', source: 'web' });
        await ours.runs.claimRun(id, FORCE);
      }
      const results = await Promise.all(
        ids.map((id) => ours.runs.completeRun(1, makeNewResult({ ticket_id: id, summary: `${id}` }), makeRunUsage())),
      );
      expect(results).toMatchObject(ids.map((id) => ({ ticket_id: id, summary: `${id}` })));
      for (const id of ids) expect(await ours.results.findByTicketId(id)).toMatchObject({ summary: `${id}` });
    });

    it('rejects the number of a run that was never claimed', async () => {
      const { ours } = await oneProcess(kind);
      expect(await ours.runs.completeRun(1, makeNewResult(), makeRunUsage())).toBeUndefined();
      expect(await ours.runs.completeRun(1, makeNewResult({ ticket_id: 9 }), makeRunUsage())).toBeUndefined();
      expect(await ours.results.findByTicketId(1)).toBeUndefined();
      expect(await ours.tickets.findById(1)).toMatchObject({ status: 'new' });
    });

    it('ends a run once', async () => {
      const { ours } = await oneProcess(kind);
      await ours.runs.claimRun(1, FORCE);
      const complete = () => ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      const outcomes = await Promise.all([complete(), ours.runs.failRun(1, 1, REFUSED, makeRunUsage()), complete()]);
      expect(outcomes.filter((outcome) => outcome !== undefined && outcome !== false)).toHaveLength(1);
    });
  });

  describe('runs.failRun', () => {
    it('sets the ticket to failed, or to done if it has an older result', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      expect(await ours.runs.failRun(1, 1, REFUSED, makeRunUsage())).toBe(true);
      expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'failed' });
      await ours.runs.claimRun(1, FORCE);
      const result = await ours.runs.completeRun(2, makeNewResult(), makeRunUsage());
      await ours.runs.claimRun(1, FORCE);
      expect(await ours.runs.failRun(1, 3, REFUSED, makeRunUsage())).toBe(true);
      expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'done' });
      expect(await theirs.results.findByTicketId(1)).toEqual(result);
    });
  });

  describe('runs.releaseRun', () => {
    it('lets another process claim the next run at once', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      expect(await ours.runs.releaseRun(1, 1, makeRunUsage())).toBe(true);
      expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'released' });
      expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'failed' });
      expect(await theirs.runs.claimRun(1, FORCE)).toMatchObject({ state: 'claimed', run: 2, wasReclaimed: false });
    });
  });
}
