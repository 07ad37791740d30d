import { describe, expect, it } from 'vitest';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { enqueue, runsOf, statusOf } from './background.ts';
import { FORCE, oneProcess, twoProcesses } from './two-processes.ts';

export function describeRecovery(kind: StorageKind) {
  describe('runs.recoverExpiredRuns', () => {
    it('leaves queued runs alone', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      await enqueue(ours);
      await database.letTimePass(24 * 3600);
      await theirs.runs.recoverExpiredRuns();
      expect(await statusOf(theirs)).toBe('processing');
      expect(await runsOf(theirs)).toEqual([[1, 'queued']]);
    });

    it('sets a ticket without a result to failed when the lease has expired', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await theirs.runs.recoverExpiredRuns();
      expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'processing' });
      await expireLeases();
      await theirs.runs.recoverExpiredRuns();
      expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'failed' });
    });

    it('sets a ticket with an older result to done and keeps the result', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      const stored = await ours.runs.completeRun(1, makeNewResult(), makeRunUsage());
      await ours.runs.claimRun(1, FORCE);
      await expireLeases();
      await theirs.runs.recoverExpiredRuns();
      expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'done' });
      expect(await theirs.results.findByTicketId(1)).toEqual(stored);
      expect(await theirs.runs.findCachedResult(1)).toEqual(stored);
    });

    it('recovers a ticket in processing that has no run', async () => {
      const { database, ours } = await oneProcess(kind);
      await database.query("UPDATE tickets SET status = 'processing'");
      await ours.runs.recoverExpiredRuns();
      expect(await ours.tickets.findById(1)).toMatchObject({ status: 'failed' });
    });

    it('leaves every other ticket as it is', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      for (let id = 2; id <= 4; id += 1) await ours.tickets.create({ raw_text: 'x', source: 'web' });
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.claimRun(2, FORCE);
      await ours.runs.completeRun(1, makeNewResult({ ticket_id: 2 }), makeRunUsage());
      await expireLeases();
      await ours.runs.claimRun(3, FORCE);
      await Promise.all([ours, theirs, ours, theirs].map(({ runs }) => runs.recoverExpiredRuns()));
      const tickets = await Promise.all([1, 2, 3, 4].map((id) => theirs.tickets.findById(id)));
      expect(tickets.map((ticket) => ticket?.status)).toEqual(['failed', 'done', 'processing', 'new']);
    });
  });
}
