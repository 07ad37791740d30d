import { describe, expect, it, vi } from 'vitest';
import { makeResult } from '../testing/fixtures.ts';
import { createSingleFlight } from './single-flight.ts';

const NOT_FORCED = { force: false };
const FORCED = { force: true };

/** A flight that stays open until the test settles it. */
function startFlight(singleFlight: ReturnType<typeof createSingleFlight>, ticketId = 1, isNew = true) {
  const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof makeResult>>();
  const result = singleFlight.start(ticketId, (flight) => {
    flight.isNew = isNew;
    return promise;
  });
  return { result, resolve, reject };
}

describe('single-flight', () => {
  it('lets requests for a ticket join its in-flight result, forced or not', () => {
    const singleFlight = createSingleFlight();
    const { result } = startFlight(singleFlight);
    expect(singleFlight.find(1, NOT_FORCED)).toBe(result);
    expect(singleFlight.find(1, FORCED)).toBe(result);
  });

  it('keeps tickets apart', () => {
    const singleFlight = createSingleFlight();
    startFlight(singleFlight, 1);
    expect(singleFlight.find(2, NOT_FORCED)).toBeUndefined();
    expect(singleFlight.has(2)).toBe(false);
  });

  it('lets only unforced requests join a result that may be old', () => {
    const singleFlight = createSingleFlight();
    const { result } = startFlight(singleFlight, 1, false);
    expect(singleFlight.find(1, NOT_FORCED)).toBe(result);
    expect(singleFlight.find(1, FORCED)).toBeUndefined();
  });

  it('settles with the result and is then no longer in flight', async () => {
    const singleFlight = createSingleFlight();
    const { result, resolve } = startFlight(singleFlight);
    resolve(makeResult());
    expect(await result).toEqual(makeResult());
    expect(singleFlight.has(1)).toBe(false);
  });

  it('rejects with the error and is then no longer in flight', async () => {
    const singleFlight = createSingleFlight();
    const { result, reject } = startFlight(singleFlight);
    reject(new Error('failed'));
    await expect(result).rejects.toThrow('failed');
    expect(singleFlight.has(1)).toBe(false);
  });

  it('does not remove a newer flight when an older one settles', async () => {
    const singleFlight = createSingleFlight();
    const older = startFlight(singleFlight, 1, false);
    const newer = startFlight(singleFlight);
    older.resolve(makeResult());
    await older.result;
    expect(singleFlight.find(1, NOT_FORCED)).toBe(newer.result);
  });

  it('is in flight before the work starts', () => {
    const singleFlight = createSingleFlight();
    singleFlight.start(1, async () => {
      expect(singleFlight.has(1)).toBe(true);
      return makeResult();
    });
    expect.assertions(1);
  });

  it('is idle when all flights have settled, those that started meanwhile included', async () => {
    const singleFlight = createSingleFlight();
    const first = startFlight(singleFlight, 1);
    let isIdle = false;
    const idle = singleFlight.whenIdle().then(() => {
      isIdle = true;
    });
    const second = startFlight(singleFlight, 2);
    first.resolve(makeResult());
    await first.result;
    await new Promise(setImmediate);
    expect(isIdle).toBe(false);
    second.reject(new Error('failed'));
    await expect(second.result).rejects.toThrow();
    await idle;
  });

  it('is not idle while a flight that a newer one has replaced is unsettled', async () => {
    const singleFlight = createSingleFlight();
    const older = startFlight(singleFlight, 1, false);
    const newer = startFlight(singleFlight);
    newer.resolve(makeResult());
    await newer.result;
    const isIdle = vi.fn();
    const idle = singleFlight.whenIdle().then(isIdle);
    await new Promise(setImmediate);
    expect(isIdle).not.toHaveBeenCalled();
    older.resolve(makeResult());
    await idle;
  });
});
