import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OUTPUT } from '../../testing/provider.ts';
import { HUGE_BODY, PROVIDER_FAULTS } from '../../testing/provider-faults.ts';
import { openFaultyService } from '../../testing/run-provider-fault.ts';

describe('POST /tickets/:id/process with a faulty provider', () => {
  const folders = { responses: mkdtempSync(join(tmpdir(), 'faults-')), chat: mkdtempSync(join(tmpdir(), 'faults-')) };
  let services: Record<'responses' | 'chat', Awaited<ReturnType<typeof openFaultyService>>>;
  beforeAll(async () => {
    services = {
      responses: await openFaultyService(folders.responses, 'responses'),
      chat: await openFaultyService(folders.chat, 'chat'),
    };
  });
  afterAll(async () => {
    for (const { close } of Object.values(services)) await close();
    for (const folder of Object.values(folders)) rmSync(folder, { recursive: true });
  });

  it.each(PROVIDER_FAULTS)('answers $status $code after $calls calls: $name', async (fault) => {
    const { calls, status, code, retryAfter, minMs = 0, output, logged } = fault;
    const { response, log, ...outcome } = await services[fault.api ?? 'responses'].run(fault);
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
      expect.objectContaining({
        level,
        reqId,
        ticketId: outcome.id,
        outcome: code ?? 'succeeded',
        attempts: calls,
        ...logged,
      }),
    ]);
    for (const line of log) expect(JSON.parse(line)).not.toHaveProperty('err'); // no stack for an expected error
    for (const text of [response.body, ...log]) expect(text).not.toMatch(/provider words|sk-test|I cannot login/);
  });

  it('reads little more than 1 MiB of a body of 100 MB', async () => {
    const { calls, sentBytes } = await services.responses.run(HUGE_BODY);
    expect(sentBytes / calls).toBeGreaterThan(1024 * 1024);
    expect(sentBytes / calls).toBeLessThan(16 * 1024 * 1024); // buffers of the sockets included
  });
});
