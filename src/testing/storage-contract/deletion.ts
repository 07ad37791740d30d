import { describe, expect, it } from 'vitest';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { CLAIM_ALL, enqueue, NO_CLAIM } from './background.ts';
import { FORCE, oneProcess, TICKET, twoProcesses } from './two-processes.ts';

const DAY_SECONDS = 24 * 3600;

export function describeDeletion(kind: StorageKind) {
  describe('tickets.delete', () => {
    it('deletes the ticket with its result, runs and keys, and no other', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      const kept = await ours.tickets.createOnce(TICKET, { client: '', key: 'kept', requestHash: 'x' });
      const deleted = await ours.tickets.createOnce(TICKET, { client: '', key: 'deleted', requestHash: 'x' });
      const id = deleted?.ticket.id as number;
      for (const ticket_id of [kept?.ticket.id as number, id]) {
        await ours.runs.claimRun(ticket_id, FORCE);
        await ours.runs.completeRun(1, makeNewResult({ ticket_id }), makeRunUsage());
      }
      expect(await theirs.tickets.delete(id)).toBe(true);
      expect(await ours.tickets.delete(id)).toBe(false);
      expect(await ours.tickets.findById(id)).toBeUndefined();
      expect(await ours.runs.findRun(id, 1)).toBeUndefined();
      expect(await ours.runs.findCachedResult(id)).toBeUndefined();
      for (const table of ['results', 'runs', 'idempotency_keys']) {
        const rows = await database.query(`SELECT ticket_id FROM ${table}`);
        expect(rows.map(({ ticket_id }) => Number(ticket_id))).toEqual([kept?.ticket.id]);
      }
    });

    it('fences off a run under way', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await theirs.tickets.delete(1);
      expect(await ours.runs.renewLeases([1])).toEqual([]);
      expect(await ours.runs.completeRun(1, makeNewResult(), makeRunUsage())).toBeUndefined();
      expect(await ours.runs.failRun(1, 1, { code: 'llm_timeout', message: 'late' }, makeRunUsage())).toBe(false);
      expect(await ours.runs.releaseRun(1, 1, makeRunUsage())).toBe(false);
      expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'released' });
      expect(await ours.runs.claimRun(1, FORCE)).toEqual({ state: 'ticket_not_found' });
      expect(await ours.results.findByTicketId(1)).toBeUndefined();
    });

    it('deletes a queued run', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      await enqueue(ours);
      expect(await theirs.tickets.delete(1)).toBe(true);
      expect(await ours.queuedRuns.claimQueuedRuns(CLAIM_ALL)).toEqual(NO_CLAIM);
      expect(await database.query('SELECT id FROM runs')).toEqual([]);
    });

    it('deletes each ticket once when processes delete it at the same time', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      const answers = await Promise.all([ours, theirs, ours, theirs].map(({ tickets }) => tickets.delete(1)));
      expect(answers.filter((isDeleted) => isDeleted)).toHaveLength(1);
    });
  });

  describe('tickets.deleteCreatedBefore', () => {
    it('deletes the oldest tickets first, at most so many, and none twice', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      for (let id = 2; id <= 20; id += 1) await ours.tickets.create(TICKET);
      await database.letTimePass(2 * DAY_SECONDS);
      for (let id = 21; id <= 25; id += 1) await ours.tickets.create(TICKET);
      await database.letTimePass(2 * DAY_SECONDS);
      const yesterday = new Date(Date.now() - DAY_SECONDS * 1000);
      await ours.tickets.create(TICKET); // 26, which stays
      expect(await ours.tickets.deleteCreatedBefore(yesterday, 20)).toBe(20);
      expect(await ours.tickets.findById(20)).toBeUndefined();
      expect(await ours.tickets.findById(21)).toBeDefined();
      const counts = await Promise.all(
        [ours, theirs, ours, theirs].map(({ tickets }) => tickets.deleteCreatedBefore(yesterday, 2)),
      );
      const rest = await ours.tickets.deleteCreatedBefore(yesterday, 10);
      expect(counts.reduce((sum, count) => sum + count, rest)).toBe(5);
      expect(await database.query('SELECT id FROM tickets')).toHaveLength(1);
      expect(await ours.tickets.findById(26)).toBeDefined();
    });

    it('deletes results, runs and keys of the tickets', async () => {
      const { database, ours } = await oneProcess(kind);
      await ours.tickets.createOnce(TICKET, { client: '', key: 'k', requestHash: 'x' });
      await ours.runs.claimRun(2, FORCE);
      await ours.runs.completeRun(1, makeNewResult({ ticket_id: 2 }), makeRunUsage());
      await ours.runs.claimRun(1, FORCE);
      expect(await ours.tickets.deleteCreatedBefore(new Date(Date.now() + 60_000), 10)).toBe(2);
      for (const table of ['tickets', 'results', 'runs', 'idempotency_keys']) {
        expect(await database.query(`SELECT * FROM ${table}`)).toEqual([]);
      }
    });
  });
}
