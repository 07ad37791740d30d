import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { FORCE, oneProcess, REFUSED, TICKET, twoProcesses } from './two-processes.ts';

export function describeLeases(kind: StorageKind) {
  describe('a lease', () => {
    it('ends by itself after its time', async () => {
      const database = await kind.createDatabase();
      const [ours, theirs] = [await database.open({ leaseMs: 50 }), await database.open({ leaseMs: 50 })];
      await ours.tickets.create(TICKET);
      await ours.runs.claimRun(1, FORCE);
      await sleep(100);
      expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'released' });
      expect(await theirs.runs.claimRun(1, FORCE)).toMatchObject({ state: 'claimed', run: 2, wasReclaimed: true });
    });

    it('is reclaimed by one of many processes', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await expireLeases();
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 ? ours : theirs).runs.claimRun(1, FORCE)),
      );
      expect(claims.filter(({ state }) => state === 'claimed')).toMatchObject([{ run: 2, wasReclaimed: true }]);
      expect(claims.filter(({ state }) => state === 'running')).toEqual(Array(19).fill({ state: 'running', run: 2 }));
    });
  });

  describe('runs.renewLeases', () => {
    it('keeps a run beyond the length of a lease', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      for (let i = 0; i < 4; i += 1) {
        await database.letTimePass(30); // half of it
        expect(await ours.runs.renewLeases([1])).toEqual([1]);
        await theirs.runs.recoverExpiredRuns();
      }
      expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'running', run: 1 });
      expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'processing' });
    });

    it('sets a ticket to processing again if its run was recovered too early', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await expireLeases();
      await theirs.runs.recoverExpiredRuns();
      expect(await ours.tickets.findById(1)).toMatchObject({ status: 'failed' });
      expect(await ours.runs.renewLeases([1])).toEqual([1]);
      expect(await ours.tickets.findById(1)).toMatchObject({ status: 'processing' });
    });

    it('does not renew a run that has ended', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.failRun(1, 1, REFUSED, makeRunUsage());
      expect(await ours.runs.renewLeases([1])).toEqual([]);
      expect(await theirs.runs.claimRun(1, FORCE)).toMatchObject({ state: 'claimed' });
    });

    it('does not renew runs that are not in the list, or of another process', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await expireLeases();
      expect(await ours.runs.renewLeases([])).toEqual([]);
      expect(await ours.runs.renewLeases([2])).toEqual([]);
      expect(await theirs.runs.renewLeases([1])).toEqual([]);
      expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'released' });
    });

    it('renews the runs of many tickets', async () => {
      const { ours, expireLeases } = await oneProcess(kind);
      for (const id of [2, 3]) await ours.tickets.create({ ...TICKET, raw_text: `${id}` });
      for (const id of [1, 2, 3]) await ours.runs.claimRun(id, FORCE);
      await expireLeases();
      expect((await ours.runs.renewLeases([3, 1])).sort()).toEqual([1, 3]);
      const states = await Promise.all([1, 2, 3].map((id) => ours.runs.getRunState(id, 1)));
      expect(states.map(({ state }) => state)).toEqual(['running', 'released', 'running']);
    });
  });

  describe('an owner whose lease has expired', () => {
    it('cannot change a run that another process has claimed since', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await expireLeases();
      await theirs.runs.claimRun(1, FORCE);
      expect(await ours.runs.renewLeases([1])).toEqual([]);
      expect(await ours.runs.completeRun(1, makeNewResult({ summary: 'late' }), makeRunUsage())).toBeUndefined();
      expect(await ours.runs.failRun(1, 1, { code: 'llm_timeout', message: 'late' }, makeRunUsage())).toBe(false);
      expect(await ours.runs.releaseRun(1, 1, makeRunUsage())).toBe(false);
      expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'running', run: 2 });
      const result = await theirs.runs.completeRun(2, makeNewResult({ summary: 'theirs' }), makeRunUsage());
      expect(result).toMatchObject({ summary: 'theirs' });
      expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'stored', result });
      expect(await ours.runs.completeRun(1, makeNewResult({ summary: 'later' }), makeRunUsage())).toBeUndefined();
      expect(await ours.results.findByTicketId(1)).toEqual(result);
      expect(await ours.tickets.findById(1)).toMatchObject({ status: 'done' });
    });

    it('stores its result if no other process has claimed the run', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await expireLeases();
      await theirs.runs.recoverExpiredRuns();
      const late = makeNewResult({ summary: 'late' });
      expect(await ours.runs.completeRun(1, late, makeRunUsage())).toMatchObject({ summary: 'late' });
      expect(await ours.tickets.findById(1)).toMatchObject({ status: 'done' });
    });

    it('and another process that claims the run at the same time cannot both have it', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      for (let run = 1; run <= 20; run += 2) {
        await ours.runs.claimRun(1, FORCE);
        await expireLeases();
        const [stored, claim] = await Promise.all([
          ours.runs.completeRun(run, makeNewResult({ summary: `run ${run}` }), makeRunUsage()),
          theirs.runs.claimRun(1, FORCE),
        ]);
        expect(claim).toMatchObject({ state: 'claimed', run: run + 1, wasReclaimed: stored === undefined });
        await theirs.runs.releaseRun(1, run + 1, makeRunUsage());
      }
    });
  });
}
