import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../testing/fixtures.ts';
import { completed, OUTPUT } from '../testing/provider.ts';
import { shareService, withNewTicket } from '../testing/service.ts';

const shared = shareService();

describe('POST /tickets/:id/process?force=true', () => {
  it('overwrites every field of the old result but its id', async () => {
    const { id, process, provider, read, store } = await withNewTicket(shared);
    await store.runs.claimRun(id, makeClaimOptions({ force: true, claim: true }));
    await store.runs.completeRun(
      1,
      makeNewResult({ ticket_id: id, model: 'old', prompt_version: 'v0', latency_ms: 1e9 }),
      makeRunUsage(),
    );
    const old = await read(`/tickets/${id}/result`);
    expect(old.model).toBe('old');
    await sleep(1100); // times are whole seconds

    provider.respond({ ...completed(OUTPUT, { model: 'gpt-new', usage: undefined }), headers: {} });
    const response = await process(id, '?force=true');
    expect(response.json()).toEqual({
      ...OUTPUT,
      id: old.id,
      ticket_id: id,
      model: 'gpt-new',
      prompt_version: 'v1',
      created_at: expect.any(String),
      openai_request_id: null,
      latency_ms: expect.any(Number),
      input_tokens: null,
      output_tokens: null,
      total_tokens: null,
      cached_tokens: null,
    });
    expect(Date.parse(response.json().created_at)).toBeGreaterThan(Date.parse(old.created_at));
    expect(response.json().latency_ms).not.toBe(old.latency_ms);
    expect(await read(`/tickets/${id}/result`)).toEqual(response.json());
  });

  it('makes its own run beside a request that only reads', async () => {
    const { id, process, provider } = await withNewTicket(shared);
    await process(id);
    await Promise.all([process(id), process(id, '?force=true')]);
    expect(provider.requests).toHaveLength(2);
  });

  it.each(['true', '1', 'yes', 'on', 't', 'y', 'TRUE', 'Yes', 'oN'])('makes a new run for %s', async (word) => {
    const { id, process, provider } = await withNewTicket(shared);
    await process(id);
    expect((await process(id, `?force=${word}`)).statusCode).toBe(200);
    expect(provider.requests).toHaveLength(2);
  });

  it.each(['false', '0', 'no', 'off', 'f', 'n', 'FALSE', 'No', 'oFF'])(
    'returns the stored result for %s',
    async (word) => {
      const { id, process, provider } = await withNewTicket(shared);
      await process(id);
      expect((await process(id, `?force=${word}`)).statusCode).toBe(200);
      expect(provider.requests).toHaveLength(1);
    },
  );

  it.each(['?force=', '?force', '?force=maybe', '?force=2', '?force=%20true', '?force=ye%C5%BF'])(
    'returns 422 with the accepted words for %s',
    async (query) => {
      const { id, process, provider } = await withNewTicket(shared);
      const msg = 'must be one of true, 1, yes, on, t, y, false, 0, no, off, f, n';
      const errors = [{ loc: ['query', 'force'], msg }];
      expect((await process(id, query)).json()).toMatchObject({ status: 422, errors });
      expect(provider.requests).toHaveLength(0);
    },
  );

  it.each([
    ['force given twice', '?force=true&force=true', 'force'],
    ['an unknown parameter', '?forced=true', 'forced'],
    ['an unknown parameter beside force', '?force=true&x=1', 'x'],
  ])('returns 422 for %s', async (_name, query, field) => {
    const { id, process, provider } = await withNewTicket(shared);
    expect((await process(id, query)).json()).toMatchObject({ status: 422, errors: [{ loc: ['query', field] }] });
    expect(provider.requests).toHaveLength(0);
  });

  it('lists an invalid id and an invalid force', async () => {
    const { app } = await shared();
    const response = await app.inject({ method: 'POST', url: '/tickets/x/process?force=maybe' });
    const locations = response.json().errors.map(({ loc }: { loc: string[] }) => loc);
    expect(locations).toEqual([
      ['path', 'id'],
      ['query', 'force'],
    ]);
  });
});
