import { describe, expect, it } from 'vitest';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { FORCE, oneProcess, REFUSED, REUSE, twoProcesses } from './two-processes.ts';

export function describeClaims(kind: StorageKind) {
  describe('runs.claimRun', () => {
    it('gives a run to one process only, until its result is stored', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      expect(await ours.runs.claimRun(1, FORCE)).toEqual({ state: 'claimed', run: 1, text: 'x', wasReclaimed: false });
      expect(await theirs.runs.claimRun(1, FORCE)).toEqual({ state: 'running', run: 1 });
      expect(await ours.runs.claimRun(1, FORCE)).toEqual({ state: 'running', run: 1 });
      expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'processing' });
      const result = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'done' });
      expect(await theirs.runs.claimRun(1, REUSE)).toEqual({ state: 'stored', result });
      expect(await theirs.runs.claimRun(1, FORCE)).toMatchObject({ state: 'claimed', run: 2, wasReclaimed: false });
    });

    it.each(['first', 'next'])('has one winner when 40 claims for the %s run arrive at once', async (which) => {
      const { ours, theirs } = await twoProcesses(kind);
      if (which === 'next') {
        await ours.runs.claimRun(1, FORCE);
        await ours.runs.failRun(1, 1, REFUSED, makeRunUsage());
      }
      const run = which === 'next' ? 2 : 1;
      const claims = await Promise.all(
        Array.from({ length: 40 }, (_, n) => (n % 2 ? ours : theirs).runs.claimRun(1, n % 3 ? FORCE : REUSE)),
      );
      expect(claims.filter(({ state }) => state === 'claimed')).toMatchObject([{ run }]);
      expect(claims.filter(({ state }) => state === 'running')).toEqual(Array(39).fill({ state: 'running', run }));
    });

    it('claims the runs of many tickets at once', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      for (let id = 2; id <= 30; id += 1) await ours.tickets.create({ raw_text: `text ${id}`, source: 'web' });
      const ids = Array.from({ length: 29 }, (_, n) => n + 2);
      const claims = await Promise.all(ids.map((id) => (id % 2 ? ours : theirs).runs.claimRun(id, FORCE)));
      const claimed = ids.map((id) => ({ state: 'claimed', run: 1, text: `text ${id}`, wasReclaimed: false }));
      expect(claims).toEqual(claimed);
    });

    it('claims nothing if `claim` is false, but reports a run under way and a stored result', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      const look = makeClaimOptions({ force: true, claim: false });
      expect(await ours.runs.claimRun(1, look)).toEqual({ state: 'unclaimed' });
      expect(await ours.runs.claimRun(2, look)).toEqual({ state: 'ticket_not_found' });
      expect(await ours.tickets.findById(1)).toMatchObject({ status: 'new' });
      await ours.runs.claimRun(1, FORCE);
      expect(await theirs.runs.claimRun(1, look)).toEqual({ state: 'running', run: 1 });
      const result = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      expect(await theirs.runs.claimRun(1, { ...look, force: false })).toEqual({ state: 'stored', result });
      expect(await theirs.runs.claimRun(1, look)).toEqual({ state: 'unclaimed' });
    });

    it('claims the next run at once after a failure', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.failRun(1, 1, REFUSED, makeRunUsage());
      expect(await theirs.runs.claimRun(1, REUSE)).toMatchObject({ state: 'claimed', run: 2, wasReclaimed: false });
      expect(await ours.runs.getRunState(1, 2)).toEqual({ state: 'running', run: 2 });
    });
  });

  describe('runs.findCachedResult', () => {
    it('returns the stored result only while no run is under way', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      expect(await theirs.runs.findCachedResult(1)).toBeUndefined();
      await ours.runs.claimRun(1, FORCE);
      const stored = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      expect(await theirs.runs.findCachedResult(1)).toEqual(stored);
      await ours.runs.claimRun(1, FORCE);
      expect(await theirs.runs.findCachedResult(1)).toBeUndefined();
      await ours.runs.failRun(1, 2, REFUSED, makeRunUsage());
      expect(await theirs.runs.findCachedResult(1)).toEqual(stored);
    });
  });

  describe('runs.getRunState', () => {
    it('returns the failure of a run to another process', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      const failure = { ...REFUSED, openai_request_id: 'req_1', retryAfterMs: 2000 };
      await ours.runs.failRun(1, 1, failure, makeRunUsage());
      expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'failed', failure });
      expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'failed' });
    });

    it('returns the result of a run also when the next run is under way or has failed', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      const result = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      await ours.runs.claimRun(1, FORCE);
      expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'stored', result });
      await ours.runs.failRun(1, 2, REFUSED, makeRunUsage());
      expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'stored', result });
      expect(await theirs.runs.getRunState(1, 2)).toEqual({ state: 'failed', failure: REFUSED });
    });

    it('returns released for a ticket that was never processed', async () => {
      const { ours } = await oneProcess(kind);
      expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'released' });
    });

    it('answers many simultaneous questions each with its own ticket', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      for (let id = 2; id <= 20; id += 1) {
        await ours.tickets.create({ raw_text: 'x', source: 'web' });
        await ours.runs.claimRun(id, FORCE);
        if (id % 2) await ours.runs.completeRun(1, makeNewResult({ ticket_id: id }), makeRunUsage());
      }
      const ids = Array.from({ length: 19 }, (_, n) => n + 2);
      const states = await Promise.all(ids.map((id) => theirs.runs.getRunState(id, 1)));
      const expected = ids.map((id) =>
        id % 2 ? { state: 'stored', result: { ticket_id: id } } : { state: 'running' },
      );
      expect(states).toMatchObject(expected);
    });
  });
}
