import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../errors.ts';
import type { CompletionRequest } from '../llm/client.ts';
import type { ClaimResult, RunRepository, RunState } from '../storage/types.ts';
import { makeCompletion, makeResult } from '../testing/fixtures.ts';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';
import { createProcessor } from './processor.ts';

vi.mock('node:timers/promises', () => import('../testing/fake-sleep.ts'));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMEOUT_MS = 10_000;
const CLAIMED: ClaimResult = { state: 'claimed', run: 1, text: 'I cannot log in.', wasReclaimed: false };
const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };

/** A processor whose claims end as this sequence says; the last one stays. */
function setUp(claims: (ClaimResult | Error)[], options: { concurrency?: number; maxQueueSize?: number } = {}) {
  const runs = {
    findCachedResult: vi.fn(async () => undefined as ReturnType<typeof makeResult> | undefined),
    claimRun: vi.fn(async (_ticketId: number, _options: { force: boolean; claim: boolean }) => {
      const next = claims.length > 1 ? claims.shift() : claims[0];
      if (next instanceof Error) throw next;
      return next as ClaimResult;
    }),
    isBudgetExhausted: vi.fn(async () => false),
    renewLeases: vi.fn(async (ticketIds: number[]) => ticketIds),
    completeRun: vi.fn(async () => makeResult() as ReturnType<typeof makeResult> | undefined),
    failRun: vi.fn(async () => true),
    releaseRun: vi.fn(async () => true),
    getRunState: vi.fn(async (): Promise<RunState> => ({ state: 'stored', result: makeResult({ id: 2 }) })),
    recoverExpiredRuns: vi.fn(async () => {}),
    listRuns: vi.fn(async () => []),
    findRun: vi.fn(async () => undefined),
  } satisfies RunRepository;
  const complete = vi.fn(async (_request: CompletionRequest) => makeCompletion());
  const limiter = createConcurrencyLimiter({ concurrency: 1, maxQueueSize: 0, ...options });
  const prompt = { version: 'v1', system: 'You prepare tickets.' };
  const processor = createProcessor({
    runs,
    llm: { complete },
    queuedRuns: { claimQueuedRuns: vi.fn(async () => ({ state: 'claimed' as const, runs: [] })) },
    prompt,
    provider: 'openai',
    model: 'gpt-test',
    costOf: async () => null,
    limiter,
    timeoutMs: TIMEOUT_MS,
    background: { maxRuns: 5 },
    log,
  });
  const process = (ticketId = 1, force = false) => processor.process(ticketId, { force, log });
  return { runs, complete, processor, process };
}

/** Keeps provider calls open until the test answers them. */
function holdCalls(complete: ReturnType<typeof setUp>['complete']) {
  const answers: (() => void)[] = [];
  complete.mockImplementation(
    ({ signal }) =>
      new Promise((resolve, reject) => {
        answers.push(() => resolve(makeCompletion()));
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  );
  return answers;
}

describe('process', () => {
  it('returns the cached result without claiming a run', async () => {
    const { runs, process } = setUp([CLAIMED]);
    runs.findCachedResult.mockResolvedValue(makeResult({ id: 9 }));
    expect(await process()).toMatchObject({ id: 9 });
    expect(runs.claimRun).not.toHaveBeenCalled();
  });

  it('does not look at the cached result when forced', async () => {
    const { runs, complete, process } = setUp([CLAIMED]);
    runs.findCachedResult.mockResolvedValue(makeResult({ id: 9 }));
    expect(await process(1, true)).toEqual(makeResult());
    expect(complete).toHaveBeenCalledOnce();
  });

  it('executes the run that it has claimed', async () => {
    const { complete, process } = setUp([CLAIMED]);
    expect(await process()).toEqual(makeResult());
    expect(complete).toHaveBeenCalledOnce();
  });

  it('returns a result that was stored since it looked', async () => {
    const { complete, process } = setUp([{ state: 'stored', result: makeResult({ id: 5 }) }]);
    expect(await process()).toMatchObject({ id: 5 });
    expect(complete).not.toHaveBeenCalled();
  });

  it('makes a new result for a forced request while another one’s claim finds a stored one', async () => {
    const { runs, complete, process } = setUp([CLAIMED]);
    const claim = Promise.withResolvers<ClaimResult>();
    runs.claimRun.mockReturnValueOnce(claim.promise);
    const plain = process();
    await vi.advanceTimersByTimeAsync(0); // its claim is under way
    const forced = process(1, true);
    claim.resolve({ state: 'stored', result: makeResult({ id: 9 }) });
    expect(await plain).toMatchObject({ id: 9 });
    expect(await forced).toEqual(makeResult());
    expect(complete).toHaveBeenCalledOnce();
  });

  it('rejects with ticket_not_found for an unknown ticket', async () => {
    await expect(setUp([{ state: 'ticket_not_found' }]).process()).rejects.toMatchObject({ code: 'ticket_not_found' });
  });

  it('makes one call for simultaneous requests, and counts those that shared it', async () => {
    const { complete, processor, process } = setUp([CLAIMED]);
    const results = await Promise.all([process(), process(1, true), process()]);
    expect(complete).toHaveBeenCalledOnce();
    expect(new Set(results).size).toBe(1);
    expect(processor.stats()).toEqual({ coalesced: 2, reclaimed: 0 });
  });

  it('makes a new call after the shared one has ended', async () => {
    const { complete, process } = setUp([CLAIMED]);
    await process(1, true);
    await process(1, true);
    expect(complete).toHaveBeenCalledTimes(2);
  });

  it('rejects with overloaded when every slot is taken', async () => {
    const { runs, complete, process } = setUp([CLAIMED, { state: 'unclaimed' }]);
    const answers = holdCalls(complete);
    const first = process(1);
    await vi.advanceTimersByTimeAsync(0);
    await expect(process(2)).rejects.toMatchObject({ code: 'overloaded' });
    expect(runs.claimRun.mock.lastCall).toEqual([2, expect.objectContaining({ force: false, claim: false })]);
    answers[0]?.();
    await first;
  });

  it('rejects with budget_exhausted until the next UTC midnight', async () => {
    vi.setSystemTime('2026-02-17T23:00:00Z');
    const { complete, process } = setUp([{ state: 'budget_exhausted' }]);
    await expect(process()).rejects.toMatchObject({ code: 'budget_exhausted', retryAfterMs: 3_600_000 });
    expect(complete).not.toHaveBeenCalled();
  });

  it('frees the slot when a run has ended', async () => {
    const { runs, process } = setUp([CLAIMED]);
    await process(1);
    await process(2);
    expect(runs.claimRun.mock.lastCall).toEqual([2, expect.objectContaining({ force: false, claim: true })]);
  });

  it('counts a run that was reclaimed from another process', async () => {
    const { processor, process } = setUp([{ ...CLAIMED, wasReclaimed: true }]);
    await process();
    expect(processor.stats().reclaimed).toBe(1);
  });
});

describe('process while another process owns the run', () => {
  const REMOTE: ClaimResult = { state: 'running', run: 4 };

  it('waits for the remote run, makes no call, and counts as coalesced', async () => {
    const { runs, complete, processor, process } = setUp([REMOTE]);
    expect(await process()).toMatchObject({ id: 2 });
    expect(runs.getRunState).toHaveBeenCalledWith(1, 4);
    expect(complete).not.toHaveBeenCalled();
    expect(processor.stats().coalesced).toBe(1);
  });

  it('claims the next run when the remote one was released', async () => {
    const { runs, complete, process } = setUp([REMOTE, CLAIMED]);
    runs.getRunState.mockResolvedValue({ state: 'released' });
    const result = process();
    await vi.advanceTimersByTimeAsync(100);
    expect(await result).toEqual(makeResult());
    expect(complete).toHaveBeenCalledOnce();
  });

  it('waits for the newer run when its own lease was lost', async () => {
    const { runs, process } = setUp([CLAIMED]);
    runs.completeRun.mockResolvedValue(undefined);
    expect(await process()).toMatchObject({ id: 2 });
    expect(runs.getRunState).toHaveBeenCalledWith(1, 1);
  });

  it('holds no slot while it waits', async () => {
    const { runs, process } = setUp([REMOTE, CLAIMED]);
    runs.getRunState.mockResolvedValueOnce({ state: 'running', run: 4 });
    const waiting = process(1);
    await vi.advanceTimersByTimeAsync(0);
    await process(2);
    expect(runs.claimRun.mock.lastCall).toEqual([2, expect.objectContaining({ force: false, claim: true })]);
    await vi.advanceTimersByTimeAsync(100);
    await waiting;
  });

  it('does not let a forced request join the remote run', async () => {
    const { runs, complete, process } = setUp([REMOTE, CLAIMED]);
    runs.getRunState.mockResolvedValueOnce({ state: 'running', run: 4 });
    const waiting = process();
    await vi.advanceTimersByTimeAsync(0);
    await process(1, true);
    expect(complete).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(100);
    await waiting;
  });

  it('keeps waiting while the storage is unavailable, until the run’s time is up', async () => {
    const unavailable = new AppError('storage_unavailable', 'the database cannot be used now');
    const { runs, process } = setUp([REMOTE, unavailable]);
    runs.getRunState.mockResolvedValue({ state: 'released' });
    const rejection = expect(process()).rejects.toBe(unavailable);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS / 2);
    const claimsSoFar = runs.claimRun.mock.calls.length;
    expect(claimsSoFar).toBeGreaterThan(10);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await rejection;
  });

  it('makes no second call when its own run cannot be stored', async () => {
    const { runs, complete, process } = setUp([REMOTE, CLAIMED]);
    runs.getRunState.mockResolvedValue({ state: 'released' });
    runs.completeRun.mockRejectedValue(new AppError('storage_unavailable', 'the database cannot be used now'));
    const rejection = expect(process()).rejects.toMatchObject({ code: 'storage_unavailable' });
    await vi.advanceTimersByTimeAsync(3 * TIMEOUT_MS);
    await rejection;
    expect(complete).toHaveBeenCalledOnce();
  });

  it('rejects at once when the storage is unavailable from the start', async () => {
    const unavailable = new AppError('storage_unavailable', 'the database cannot be used now');
    await expect(setUp([unavailable]).process()).rejects.toBe(unavailable);
  });
});

describe('drain', () => {
  it('lets active runs finish and starts no new ones', async () => {
    const { complete, processor, process } = setUp([CLAIMED]);
    const answers = holdCalls(complete);
    const active = process(1);
    await vi.advanceTimersByTimeAsync(0);
    const drained = processor.drain(5000);
    await expect(process(2)).rejects.toMatchObject({ code: 'shutting_down' });
    answers[0]?.();
    expect(await active).toEqual(makeResult());
    await drained;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('still returns cached results', async () => {
    const { runs, processor, process } = setUp([CLAIMED]);
    await processor.drain(5000);
    runs.findCachedResult.mockResolvedValue(makeResult({ id: 9 }));
    expect(await process()).toMatchObject({ id: 9 });
  });

  it('releases runs that are still active after the grace period', async () => {
    const { runs, complete, processor, process } = setUp([CLAIMED]);
    holdCalls(complete);
    const rejection = expect(process()).rejects.toMatchObject({ code: 'shutting_down' });
    await vi.advanceTimersByTimeAsync(0);
    const drained = processor.drain(5000);
    await vi.advanceTimersByTimeAsync(5000);
    await rejection;
    await drained;
    expect(runs.releaseRun).toHaveBeenCalledWith(1, 1, expect.objectContaining({ attempts: 0 }));
  });

  it('stops waiting for remote runs after the grace period', async () => {
    const { runs, processor, process } = setUp([{ state: 'running', run: 4 }]);
    runs.getRunState.mockResolvedValue({ state: 'running', run: 4 });
    const rejection = expect(process()).rejects.toMatchObject({ code: 'shutting_down' });
    await vi.advanceTimersByTimeAsync(0);
    const drained = processor.drain(5000);
    await vi.advanceTimersByTimeAsync(5000);
    await rejection;
    await drained;
  });
});
