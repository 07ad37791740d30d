import { describe, expect, it } from 'vitest';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { FORCE, REFUSED, TICKET, twoProcesses } from './two-processes.ts';

const TICKETS = 30;

/** Two processes, of which the first has claimed the first run of every ticket. */
async function withClaims(kind: StorageKind) {
  const processes = await twoProcesses(kind);
  const ids = Array.from({ length: TICKETS }, (_, n) => n + 1);
  for (const id of ids) {
    if (id > 1) await processes.ours.tickets.create(TICKET);
    await processes.ours.runs.claimRun(id, FORCE);
  }
  return { ...processes, ids };
}

const today = () => new Date().toISOString().slice(0, 10);

export function describeRaces(kind: StorageKind) {
  describe('at the same time', () => {
    it('a heartbeat and the ends of its runs leave every status true', async () => {
      const { ours, theirs, ids } = await withClaims(kind);
      await Promise.all([
        ours.runs.renewLeases(ids),
        ...ids.map((id) =>
          id % 2
            ? ours.runs.completeRun(1, makeNewResult({ ticket_id: id }), makeRunUsage())
            : ours.runs.failRun(id, 1, REFUSED, makeRunUsage()),
        ),
        ours.runs.renewLeases(ids),
        theirs.runs.recoverExpiredRuns(),
      ]);
      const tickets = await Promise.all(ids.map((id) => theirs.tickets.findById(id)));
      expect(tickets.map((ticket) => ticket?.status)).toEqual(ids.map((id) => (id % 2 ? 'done' : 'failed')));
    });

    it('a renewal and a recovery of an expired lease agree on run and ticket', async () => {
      const { database, ours, theirs, ids, expireLeases } = await withClaims(kind);
      await expireLeases();
      const [renewed] = await Promise.all([
        ours.runs.renewLeases(ids),
        theirs.runs.recoverExpiredRuns(),
        theirs.runs.recoverExpiredRuns(),
      ]);
      expect(renewed.sort((a, b) => a - b)).toEqual(ids);
      const states = await database.query(
        'SELECT runs.status AS run, tickets.status AS ticket FROM runs JOIN tickets ON tickets.id = ticket_id',
      );
      expect(states).toEqual(Array(TICKETS).fill({ run: 'running', ticket: 'processing' }));
    });

    it('deletions and the ends of runs leave nothing behind, and count every run', async () => {
      const { database, ours, theirs, ids } = await withClaims(kind);
      const ends = ids.map((id) => {
        if (id % 3 === 0) return ours.runs.failRun(id, 1, REFUSED, makeRunUsage());
        if (id % 3 === 1) return ours.runs.completeRun(1, makeNewResult({ ticket_id: id }), makeRunUsage());
        return ours.runs.releaseRun(id, 1, makeRunUsage());
      });
      const deletions = ids.map((id) => theirs.tickets.delete(id));
      await Promise.all([...ends, ours.runs.renewLeases(ids), theirs.runs.recoverExpiredRuns()]);
      expect(await Promise.all(deletions)).toEqual(ids.map(() => true));
      for (const table of ['tickets', 'results', 'runs']) {
        expect(await database.query(`SELECT * FROM ${table}`)).toEqual([]);
      }
      const { total } = await ours.usage.report({ from: today(), to: today(), groupBy: 'day' });
      expect(Object.values(total.runs).reduce((sum, count) => sum + count)).toBe(TICKETS);
    });

    it('claims and deletions of the same tickets end in one of both', async () => {
      const { database, ours, theirs, ids, expireLeases } = await withClaims(kind);
      await expireLeases();
      const claims = ids.map((id) => (id % 2 ? ours : theirs).runs.claimRun(id, FORCE));
      const deletions = ids.map((id) => (id % 2 ? theirs : ours).tickets.deleteCreatedBefore(new Date(), id % 5));
      for (const { state } of await Promise.all(claims)) expect(['claimed', 'ticket_not_found']).toContain(state);
      const deleted = (await Promise.all(deletions)).reduce((sum, count) => sum + count);
      expect(await database.query('SELECT id FROM tickets')).toHaveLength(Math.max(0, TICKETS - deleted));
      expect(await database.query('SELECT id FROM runs WHERE ticket_id NOT IN (SELECT id FROM tickets)')).toEqual([]);
    });
  });
}
