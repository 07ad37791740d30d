import { describe, expect, it } from 'vitest';
import { USAGE_GROUPS, type UsageGroupName } from '../../schemas/usage.ts';
import { makeNewResult, makeRunUsage } from '../fixtures.ts';
import type { StorageKind } from '../storages.ts';
import { FORCE, oneProcess, REFUSED, TICKET, twoProcesses } from './two-processes.ts';

const DAY_SECONDS = 24 * 3600;
const NO_RUNS = { queued: 0, running: 0, succeeded: 0, failed: 0, abandoned: 0 };

/** The UTC date so many days ago. */
const date = (daysAgo = 0) => new Date(Date.now() - daysAgo * DAY_SECONDS * 1000).toISOString().slice(0, 10);

/** Runs of every status: 3 successful with 100, 200 and 300 ms, 1 failed, 1 abandoned, 1 running, 1 queued. */
async function withRuns(kind: StorageKind) {
  const { database, ours } = await oneProcess(kind);
  for (let id = 2; id <= 3; id += 1) await ours.tickets.create(TICKET);
  let number = 0;
  for (const latency_ms of [100, 200, 300]) {
    number += 1;
    await ours.runs.claimRun(1, FORCE);
    const category = latency_ms === 300 ? 'billing' : 'auth/login';
    await ours.runs.completeRun(number, makeNewResult({ latency_ms, category }), makeRunUsage({ cost_usd: 0.5 }));
  }
  await ours.runs.claimRun(1, FORCE);
  await ours.runs.failRun(1, 4, REFUSED, makeRunUsage({ cost_usd: 0.25 }));
  await ours.runs.claimRun(1, FORCE);
  await ours.runs.releaseRun(1, 5, makeRunUsage({ cost_usd: null }));
  await ours.runs.claimRun(2, FORCE);
  await ours.queuedRuns.enqueueRun(3, { force: false });
  const report = (groupBy: UsageGroupName = 'day', from = date(), to = date()) =>
    ours.usage.report({ from, to, groupBy });
  return { database, ours, report };
}

export function describeUsage(kind: StorageKind) {
  describe('usage.report', () => {
    it('adds up the runs of a day', async () => {
      const { report } = await withRuns(kind);
      const sums = {
        runs: { queued: 1, running: 1, succeeded: 3, failed: 1, abandoned: 1 },
        input_tokens: 5 * 120,
        output_tokens: 5 * 40,
        total_tokens: 5 * 160,
        cached_tokens: 5 * 64,
        cost_usd: 1.75,
        p50_latency_ms: 200,
        p95_latency_ms: 300,
      };
      expect(await report()).toEqual({ data: [{ group: date(), ...sums }], total: sums });
    });

    it.each([
      ['model', { 'gpt-test': { succeeded: 3, failed: 1, abandoned: 1, running: 1 }, null: { queued: 1 } }],
      ['prompt_version', { v1: { succeeded: 3, failed: 1, abandoned: 1, running: 1 }, null: { queued: 1 } }],
      [
        'category',
        {
          'auth/login': { succeeded: 2 },
          billing: { succeeded: 1 },
          null: { failed: 1, abandoned: 1, running: 1, queued: 1 },
        },
      ],
      ['error_code', { llm_refused: { failed: 1 }, null: { succeeded: 3, abandoned: 1, running: 1, queued: 1 } }],
    ] as const)('groups by %s', async (groupBy, expected) => {
      const { report } = await withRuns(kind);
      const { data, total } = await report(groupBy);
      const counts = Object.entries(expected).map(([group, runs]) => [group, { ...NO_RUNS, ...runs }]);
      expect(Object.fromEntries(data.map(({ group, runs }) => [group, runs]))).toEqual(Object.fromEntries(counts));
      expect(total).toEqual((await report()).total);
    });

    it('reads the days from the first to the last, inclusive', async () => {
      const { database, report } = await withRuns(kind);
      const moveTo = (time: string, status: string) =>
        database.query(`UPDATE runs SET started_at = '${time}' WHERE status = '${status}'`);
      await database.query("UPDATE usage_daily SET day = '2026-02-17'");
      await moveTo('2026-02-17 23:59:59', 'running');
      await moveTo('2026-02-18 00:00:00', 'abandoned');
      const runs = async (from: string, to: string) => (await report('day', from, to)).total.runs;
      expect(await runs('2026-02-17', '2026-02-17')).toEqual({ ...NO_RUNS, succeeded: 3, failed: 1, running: 1 });
      expect(await runs('2026-02-18', '2026-02-28')).toEqual({ ...NO_RUNS, abandoned: 1 });
      const { data } = await report('day', '2026-02-01', '2026-02-28');
      expect(data.map(({ group }) => group)).toEqual(['2026-02-17', '2026-02-18']);
    });

    it('counts a queued run on the day from which it may start, and then on the day on which it does', async () => {
      const { database, ours, theirs } = await twoProcesses(kind);
      const groups = async () => {
        const { data } = await theirs.usage.report({ from: date(2), to: date(-1), groupBy: 'day' });
        return data.map(({ group, runs }) => [group, runs]);
      };
      await ours.queuedRuns.enqueueRun(1, { force: false });
      expect(await groups()).toEqual([[date(), { ...NO_RUNS, queued: 1 }]]);
      await database.letTimePass(DAY_SECONDS);
      expect(await groups()).toEqual([[date(1), { ...NO_RUNS, queued: 1 }]]);
      await ours.runs.claimRun(1, FORCE);
      expect(await groups()).toEqual([[date(), { ...NO_RUNS, running: 1 }]]);
      const retry = { backgroundRun: 2, delayMs: DAY_SECONDS * 1000 };
      await ours.runs.failRun(1, 1, REFUSED, makeRunUsage(), retry);
      expect(await groups()).toEqual([
        [date(), { ...NO_RUNS, failed: 1 }],
        [date(-1), { ...NO_RUNS, queued: 1 }],
      ]);
    });

    it('does not count runs that were cancelled before they started', async () => {
      const { ours } = await oneProcess(kind);
      await ours.batches.create({ definition: { ids: [1] }, force: false, total: 1 });
      await ours.batches.enqueueChunk(1, { from: null, ticketIds: [1], next: null });
      await ours.batches.cancelQueuedRuns(1, 1);
      const { data } = await ours.usage.report({ from: date(1), to: date(), groupBy: 'model' });
      expect(data).toEqual([]);
    });

    it.each(USAGE_GROUPS)('is empty for a range without runs (%s)', async (groupBy) => {
      const { report } = await withRuns(kind);
      const { data, total } = await report(groupBy, '2020-01-01', '2020-01-31');
      expect(data).toEqual([]);
      expect(total).toMatchObject({ runs: NO_RUNS, input_tokens: 0, cost_usd: null, p50_latency_ms: null });
    });

    it('does not change when a ticket is deleted, except for the runs under way', async () => {
      const { ours, report } = await withRuns(kind);
      const before = (await report()).total;
      await ours.tickets.delete(1);
      expect((await report()).total).toEqual(before);
      await ours.tickets.delete(2);
      expect((await report()).total.runs).toEqual({ ...before.runs, running: 0, abandoned: 2 });
      await ours.tickets.delete(3); // its queued run has used nothing
      expect((await report()).total.runs).toEqual({ ...before.runs, queued: 0, running: 0, abandoned: 2 });
    });

    it('counts a latency of 0 ms as known', async () => {
      const { ours } = await oneProcess(kind);
      for (const [index, latency_ms] of [null, 0, 0, 3].entries()) {
        await ours.runs.claimRun(1, FORCE);
        await ours.runs.completeRun(index + 1, makeNewResult({ latency_ms }), makeRunUsage());
      }
      const { total } = await ours.usage.report({ from: date(), to: date(), groupBy: 'day' });
      expect(total).toMatchObject({ p50_latency_ms: 0, p95_latency_ms: 3 });
    });

    it('has percentiles within 5 % of the exact ones', async () => {
      const { ours } = await oneProcess(kind);
      for (let number = 1; number <= 100; number += 1) {
        await ours.runs.claimRun(1, FORCE);
        await ours.runs.completeRun(number, makeNewResult({ latency_ms: 1000 + 7 * number }), makeRunUsage());
      }
      const { total } = await ours.usage.report({ from: date(), to: date(), groupBy: 'day' });
      expect(Math.abs((total.p50_latency_ms ?? 0) / 1350 - 1)).toBeLessThan(0.05);
      expect(Math.abs((total.p95_latency_ms ?? 0) / 1665 - 1)).toBeLessThan(0.05);
    });

    it('counts every run once when many end at the same time in two processes', async () => {
      const { ours, theirs } = await twoProcesses(kind);
      const ids = Array.from({ length: 40 }, (_, n) => n + 2);
      await Promise.all(
        ids.map(async (n) => {
          const { tickets, runs } = n % 2 ? ours : theirs;
          const { id } = await tickets.create(TICKET);
          await runs.claimRun(id, FORCE);
          await runs.completeRun(1, makeNewResult({ ticket_id: id, latency_ms: n }), makeRunUsage({ cost_usd: 0.25 }));
        }),
      );
      const { total } = await ours.usage.report({ from: date(), to: date(), groupBy: 'day' });
      expect(total).toMatchObject({ runs: { succeeded: 40 }, input_tokens: 40 * 120, cost_usd: 10 });
    });
  });

  describe('usage.costOfDay', () => {
    it('sums the known costs of the runs that started on a date', async () => {
      const { database, ours } = await withRuns(kind);
      expect(await ours.usage.costOfDay(date())).toBe(1.75);
      expect(await ours.usage.costOfDay('2020-02-17')).toBe(0);
      await database.letTimePass(DAY_SECONDS);
      expect(await ours.usage.costOfDay(date())).toBe(0);
      expect(await ours.usage.costOfDay(date(1))).toBe(1.75);
    });
  });
}
