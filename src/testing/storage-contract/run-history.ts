import { describe, expect, it } from 'vitest';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { FORCE, oneProcess, REFUSED, TICKET, twoProcesses } from './two-processes.ts';

const USAGE = makeRunUsage({ attempts: 2, input_tokens: 240, cost_usd: 0.0003 });
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const RUNNING = {
  id: 1,
  ticket_id: 1,
  number: 1,
  status: 'running',
  created_at: TIME,
  started_at: TIME,
  finished_at: null,
  error_code: null,
  prompt_version: 'v1',
  provider: 'openai',
  model: 'gpt-test',
  openai_request_id: null,
  attempts: 0,
  latency_ms: null,
  input_tokens: null,
  output_tokens: null,
  total_tokens: null,
  cached_tokens: null,
  cost_usd: null,
  summary: null,
  category: null,
  reply_draft: null,
};
const ENDED = { ...RUNNING, finished_at: TIME, ...USAGE };

export function describeRunHistory(kind: StorageKind) {
  describe('runs.findRun', () => {
    it('returns the row of a run under way', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      const run = await theirs.runs.findRun(1, 1);
      expect(run).toEqual(RUNNING);
      expect(Object.keys(run ?? {})).toEqual(Object.keys(RUNNING));
      expect(await theirs.runs.findRun(1, 2)).toBeUndefined();
      expect(await theirs.runs.findRun(2, 1)).toBeUndefined();
    });

    it('returns what a successful run has answered and used', async () => {
      const { ours } = await oneProcess(kind);
      await ours.runs.claimRun(1, FORCE);
      const result = makeNewResult({ model: 'gpt-test-2026', input_tokens: 120 });
      await ours.runs.completeRun(1, result, USAGE);
      const { summary, category, reply_draft, openai_request_id, latency_ms } = result;
      const answer = { summary, category, reply_draft, openai_request_id, latency_ms, model: 'gpt-test-2026' };
      expect(await ours.runs.findRun(1, 1)).toEqual({ ...ENDED, status: 'succeeded', ...answer });
      expect(await ours.results.findByTicketId(1)).toMatchObject({ input_tokens: 120 }); // of the successful call alone
    });

    it('returns why a run failed and what its attempts have used', async () => {
      const { ours } = await oneProcess(kind);
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.failRun(1, 1, { ...REFUSED, openai_request_id: 'req_2' }, USAGE);
      const failure = { error_code: 'llm_refused', openai_request_id: 'req_2' };
      expect(await ours.runs.findRun(1, 1)).toEqual({ ...ENDED, status: 'failed', ...failure });
    });

    it('returns a released run as abandoned', async () => {
      const { ours } = await oneProcess(kind);
      await ours.runs.claimRun(1, FORCE);
      await ours.runs.releaseRun(1, 1, USAGE);
      expect(await ours.runs.findRun(1, 1)).toEqual({ ...ENDED, status: 'abandoned' });
    });

    it('returns a run of an unknown cost', async () => {
      const { ours } = await oneProcess(kind);
      await ours.runs.claimRun(1, FORCE);
      const unknown = makeRunUsage({ input_tokens: null, output_tokens: null, total_tokens: null, cost_usd: null });
      await ours.runs.failRun(1, 1, REFUSED, unknown);
      expect(await ours.runs.findRun(1, 1)).toMatchObject(unknown);
    });
  });

  describe('a run whose lease has expired', () => {
    it('is abandoned when the next one is claimed, and gets what it has used when its owner reports it', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await expireLeases();
      await theirs.runs.claimRun(1, FORCE);
      const abandoned = { ...RUNNING, status: 'abandoned', finished_at: TIME };
      const next = { ...RUNNING, id: 2, number: 2 };
      expect(await ours.runs.listRuns(1, { limit: 10 })).toEqual([next, abandoned]);
      expect(await ours.runs.completeRun(1, makeNewResult(), USAGE)).toBeUndefined();
      expect(await ours.runs.listRuns(1, { limit: 10 })).toEqual([next, { ...abandoned, ...USAGE }]);
      expect(await ours.results.findByTicketId(1)).toBeUndefined();
    });

    it('is abandoned by the recovery, and running again when its owner renews the lease', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await expireLeases();
      await theirs.runs.recoverExpiredRuns();
      expect(await theirs.runs.findRun(1, 1)).toEqual({ ...RUNNING, status: 'abandoned', finished_at: TIME });
      expect(await ours.runs.renewLeases([1])).toEqual([1]);
      expect(await theirs.runs.findRun(1, 1)).toEqual(RUNNING);
      expect(await theirs.runs.claimRun(1, FORCE)).toEqual({ state: 'running', run: 1 });
    });

    it('can be completed by its owner after the recovery', async () => {
      const { ours, theirs, expireLeases } = await twoProcesses(kind);
      await ours.runs.claimRun(1, FORCE);
      await expireLeases();
      await theirs.runs.recoverExpiredRuns();
      await ours.runs.completeRun(1, makeNewResult(), USAGE);
      expect(await theirs.runs.findRun(1, 1)).toMatchObject({ status: 'succeeded', ...USAGE });
    });
  });

  describe('runs.listRuns', () => {
    it('returns pages of runs, newest first', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      await ours.tickets.create(TICKET);
      for (let number = 1; number <= 5; number += 1) {
        for (const id of [1, 2]) {
          await ours.runs.claimRun(id, FORCE);
          await ours.runs.failRun(id, number, REFUSED, USAGE);
        }
      }
      const numbers = async (page: { limit: number; before?: number }) =>
        (await theirs.runs.listRuns(1, page))?.map(({ number }) => number);
      expect(await numbers({ limit: 2 })).toEqual([5, 4]);
      expect(await numbers({ limit: 2, before: 4 })).toEqual([3, 2]);
      expect(await numbers({ limit: 2, before: 2 })).toEqual([1]);
      expect(await numbers({ limit: 2, before: 1 })).toEqual([]);
      expect(await numbers({ limit: 100 })).toEqual([5, 4, 3, 2, 1]);
    });

    it('returns an empty list for a ticket without runs, and undefined for an unknown ticket', async () => {
      const { ours } = await oneProcess(kind);
      expect(await ours.runs.listRuns(1, { limit: 10 })).toEqual([]);
      expect(await ours.runs.listRuns(2, { limit: 10 })).toBeUndefined();
    });
  });

  describe('the database', () => {
    it.each(['queued', 'running'])('refuses a second active run of a ticket (%s)', async (status) => {
      const { database, ours } = await oneProcess(kind);
      const insert = (number: number, value: string) =>
        database.query(`INSERT INTO runs (ticket_id, number, status) VALUES (1, ${number}, '${value}')`);
      await ours.runs.claimRun(1, FORCE);
      await expect(insert(2, status)).rejects.toThrow(/UNIQUE constraint failed: runs.ticket_id|"runs_active"/);
      await insert(2, 'failed');
      await expect(insert(2, 'failed')).rejects.toThrow(/runs.ticket_id, runs.number|"runs_ticket_id_number"/);
      await expect(insert(3, 'lost')).rejects.toThrow(/check constraint/i);
    });
  });
}
