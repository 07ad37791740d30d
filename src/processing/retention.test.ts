import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openSqliteFile, openTestStorage } from '../testing/database.ts';
import { startRetention } from './retention.ts';

vi.mock('node:timers/promises', () => import('../testing/fake-sleep.ts'));
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const SWEEP_INTERVAL_MS = 5 * 60 * 1000;

/** Deletions that return these counts; the last one stays. */
function setUp(counts: (number | Error)[]) {
  const deleteCreatedBefore = vi.fn(async (_time: Date, _limit: number) => {
    const next = counts.length > 1 ? counts.shift() : counts[0];
    if (next instanceof Error) throw next;
    return next as number;
  });
  const log = { info: vi.fn(), error: vi.fn() };
  const stop = startRetention({ tickets: { deleteCreatedBefore }, days: 30, log });
  return { deleteCreatedBefore, log, stop };
}

describe('startRetention', () => {
  it('deletes batches until one is not full, and logs the sum in one line', async () => {
    vi.setSystemTime('2026-03-31T12:00:00Z');
    const { deleteCreatedBefore, log, stop } = setUp([20, 20, 7, 0]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(deleteCreatedBefore.mock.calls).toEqual(Array(3).fill([new Date('2026-03-01T12:00:00Z'), 20]));
    expect(log.info.mock.calls).toEqual([[{ deleted: 47 }, 'retention']]);
    await stop();
  });

  it('sweeps every five minutes, also after a failure', async () => {
    const { log, stop } = setUp([new Error('disk full'), 3]);
    await vi.advanceTimersByTimeAsync(0);
    expect(log.error).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(SWEEP_INTERVAL_MS);
    expect(log.info.mock.calls).toEqual([[{ deleted: 3 }, 'retention']]);
    await stop();
  });

  it('ends during the pause of a sweep, and leaves no timer', async () => {
    const { deleteCreatedBefore, stop } = setUp([20]);
    await vi.advanceTimersByTimeAsync(0);
    await stop();
    expect(deleteCreatedBefore).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('deletes each ticket once when two servers sweep', async () => {
    const { path, storage: ours } = openTestStorage();
    const { storage: theirs } = openTestStorage({}, path);
    openSqliteFile(path).exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90)
      INSERT INTO tickets (source, raw_text, created_at) SELECT 'web', 'x', '2020-01-01 00:00:00' FROM n`);
    await ours.tickets.create({ raw_text: 'new', source: 'web' });
    const log = { info: vi.fn(), error: vi.fn() };
    const stops = [ours, theirs].map(({ tickets }) => startRetention({ tickets, days: 30, log }));
    onTestFinished(async () => void (await Promise.all(stops.map((stop) => stop()))));
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(100);
      expect(log.info).toHaveBeenCalledTimes(2);
    });
    const deleted = log.info.mock.calls.map(([fields]) => fields.deleted);
    expect(deleted.reduce((sum, count) => sum + count)).toBe(90);
    expect(await ours.tickets.countByStatus()).toMatchObject({ new: 1 });
  });
});
