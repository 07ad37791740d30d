import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/folder.ts';
import { OUTPUT } from '../../testing/provider.ts';
import { HUGE_BODY, PROVIDER_FAULTS } from '../../testing/provider-faults.ts';
import { runProviderFault } from '../../testing/run-provider-fault.ts';

describe('POST /tickets/:id/process with a faulty provider', () => {
  it.each(PROVIDER_FAULTS)('answers $status $code after $calls calls: $name', async (fault) => {
    const { calls, status, code, retryAfter, minMs = 0, output, logged } = fault;
    const { response, log, ...outcome } = await runProviderFault(fault, temporaryFolder());
    expect(response.statusCode).toBe(status);
    expect(response.json().code).toBe(code);
    expect(response.headers['retry-after']).toBe(retryAfter);
    expect(outcome.calls).toBe(calls);
    expect(outcome.ms).toBeGreaterThanOrEqual(minMs);

    expect(outcome.ticket).toMatchObject({ status: code ? 'failed' : 'done' });
    expect(outcome.stored).toMatchObject(code ? { code: 'result_not_found' } : { ...OUTPUT, ...output });

    const { request_id: reqId = expect.any(String) } = response.json();
    const level = code ? 40 : 30;
    expect(outcome.runLines).toEqual([
      expect.objectContaining({ level, reqId, ticketId: 1, outcome: code ?? 'succeeded', attempts: calls, ...logged }),
    ]);
    for (const line of log) expect(JSON.parse(line)).not.toHaveProperty('err'); // no stack for an expected error
    for (const text of [response.body, ...log]) expect(text).not.toMatch(/provider words|sk-test|I cannot login/);
  });

  it('reads little more than 1 MiB of a body of 100 MB', async () => {
    const { calls, sentBytes } = await runProviderFault(HUGE_BODY, temporaryFolder());
    expect(sentBytes / calls).toBeGreaterThan(1024 * 1024);
    expect(sentBytes / calls).toBeLessThan(16 * 1024 * 1024); // buffers of the sockets included
  });
});
