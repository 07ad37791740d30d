import { expect, test } from 'vitest';
import { temporaryFolder } from '../../testing/folder.ts';
import { OUTPUT } from '../../testing/provider.ts';
import { PROVIDER_FAULTS } from '../../testing/provider-faults.ts';
import { runProviderFault } from '../../testing/run-provider-fault.ts';

test.each(PROVIDER_FAULTS)('$name: $calls calls, $status $code', async (fault) => {
  const { calls, status, code, retryAfter, atLeast = 0 } = fault;
  const outcome = await runProviderFault(fault, temporaryFolder());
  const body = outcome.response.json();
  expect(outcome.calls).toHaveLength(calls);
  expect(outcome.response.statusCode).toBe(status);
  expect(body.code).toBe(code);
  expect(outcome.response.headers['retry-after']).toBe(retryAfter);
  expect(outcome.ms).toBeGreaterThanOrEqual(atLeast);
  expect(outcome.isInTime).toBe(true);

  expect(outcome.ticket).toMatchObject({ status: code ? 'failed' : 'done' });
  expect(outcome.stored).toMatchObject(code ? { code: 'result_not_found' } : OUTPUT);
  for (const text of [outcome.response.body, ...outcome.log]) {
    expect(text).not.toMatch(/provider words|sk-test|I cannot login/);
  }
  if (code) {
    const line = outcome.log.map((text) => JSON.parse(text)).find(({ reqId, err }) => err && reqId === body.request_id);
    expect(line.err).toMatchObject({ code, details: { attempts: calls, waits_ms: expect.any(Array) } });
    const { waits_ms } = line.err.details;
    expect(waits_ms).toHaveLength(calls - 1);
    // Without a wish of the provider: 20 ms and then 40, give or take the half.
    for (const [i, wait] of waits_ms.entries()) expect(Math.abs(wait / (20 * 2 ** i) - 1)).toBeLessThanOrEqual(0.55);
  }
});

test('of 100 MB little more than 1 MiB is read', async () => {
  const huge = PROVIDER_FAULTS.find(({ name }) => name === '100 MB');
  if (!huge) throw new Error('gone');
  const { sentBytes } = await runProviderFault(huge, temporaryFolder());
  expect(sentBytes).toBeGreaterThan(3 * 1024 * 1024);
  expect(sentBytes).toBeLessThan(3 * 16 * 1024 * 1024);
});
