import { describe, expect, it, vi } from 'vitest';
import { createHeartbeat } from './heartbeat.ts';

function setUp(owned: number[]) {
  const activeRuns = new Map([1, 2].map((ticketId) => [ticketId, new AbortController()]));
  const runs = {
    renewLeases: vi.fn(async (_ticketIds: number[]) => owned),
    recoverExpiredRuns: vi.fn(async () => {}),
  };
  const log = { error: vi.fn() };
  const heartbeat = createHeartbeat({ runs, activeRuns, log });
  const abortedRuns = () => [...activeRuns].filter(([, { signal }]) => signal.aborted).map(([ticketId]) => ticketId);
  return { heartbeat, runs, log, activeRuns, abortedRuns };
}

describe('heartbeat', () => {
  it('renews the leases of the active runs and recovers expired ones', async () => {
    const { heartbeat, runs, abortedRuns } = setUp([1, 2]);
    await heartbeat();
    expect(runs.renewLeases).toHaveBeenCalledWith([1, 2]);
    expect(runs.recoverExpiredRuns).toHaveBeenCalledOnce();
    expect(abortedRuns()).toEqual([]);
  });

  it('aborts a run whose lease was lost', async () => {
    const { heartbeat, activeRuns, abortedRuns } = setUp([2]);
    await heartbeat();
    expect(abortedRuns()).toEqual([1]);
    expect(activeRuns.get(1)?.signal.reason).toMatchObject({ code: 'llm_timeout' });
  });

  it('leaves a run alone that was claimed while the leases were being renewed', async () => {
    const { heartbeat, runs, activeRuns, abortedRuns } = setUp([1, 2]);
    runs.renewLeases.mockImplementation(async (ticketIds) => {
      activeRuns.set(3, new AbortController());
      return ticketIds;
    });
    await heartbeat();
    expect(abortedRuns()).toEqual([]);
  });

  it('logs a failure and does not reject', async () => {
    const { heartbeat, runs, log, abortedRuns } = setUp([]);
    const error = new Error('disk full');
    runs.renewLeases.mockRejectedValue(error);
    await heartbeat();
    expect(log.error).toHaveBeenCalledWith({ err: error, omitted: 0 }, expect.stringContaining('heartbeat failed'));
    expect(abortedRuns()).toEqual([]);
  });

  it('says that only the recovery has failed', async () => {
    const { heartbeat, runs, log } = setUp([1, 2]);
    const error = new Error('disk full');
    runs.recoverExpiredRuns.mockRejectedValue(error);
    await heartbeat();
    expect(log.error.mock.calls).toEqual([[{ err: error, omitted: 0 }, 'expired runs could not be recovered']]);
  });
});
