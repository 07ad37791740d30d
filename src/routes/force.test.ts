import { expect, test } from 'vitest';
import { completed, OUTPUT } from '../testing/provider.ts';
import { startService } from '../testing/service.ts';

test('force makes a new result in the place of the old one, and every field describes the new run', async () => {
  const { create, process, provider, read, store } = await startService();
  await create();
  await store.runs.claimRun(1, { force: true, claim: true });
  await store.runs.completeRun(1, {
    ticket_id: 1,
    ...{ summary: 'old', category: 'other', reply_draft: 'old', model: 'dummy', prompt_version: 'v0' },
    ...{ openai_request_id: 'old', latency_ms: 9999, input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    cached_tokens: 4,
  });
  const old = await read('/tickets/1/result');
  expect(old.model).toBe('dummy');
  await new Promise((resolve) => setTimeout(resolve, 1100)); // times are whole seconds

  provider.respond({ ...completed(OUTPUT, { model: 'gpt-new', usage: undefined }), headers: {} });
  const response = await process(1, '?force=true');
  expect(response.json()).toMatchObject({ ...OUTPUT, id: old.id, model: 'gpt-new', prompt_version: 'v1' });
  const { created_at, latency_ms, ...rest } = response.json();
  expect(Date.parse(created_at)).toBeGreaterThan(Date.parse(old.created_at));
  expect(latency_ms).toBeLessThan(9999);
  const unknown = { openai_request_id: null, input_tokens: null, output_tokens: null, total_tokens: null };
  expect(rest).toMatchObject({ ...unknown, cached_tokens: null });
  expect(await read('/tickets/1/result')).toEqual(response.json());
});

test('force takes the words that the Python app takes, in any case', async () => {
  const { create, process, provider } = await startService();
  await create();
  await process(1);
  for (const word of ['true', '1', 'yes', 'on', 't', 'y', 'TRUE', 'Yes', 'oN']) {
    const calls = provider.requests.length;
    expect((await process(1, `?force=${word}`)).statusCode).toBe(200);
    expect(provider.requests).toHaveLength(calls + 1);
  }
  for (const word of ['false', '0', 'no', 'off', 'f', 'n', 'FALSE', 'No', 'oFF']) {
    const calls = provider.requests.length;
    expect((await process(1, `?force=${word}`)).statusCode).toBe(200);
    expect(provider.requests).toHaveLength(calls);
  }
});

test.each([
  '?force=',
  '?force',
  '?force=maybe',
  '?force=2',
  '?force=%20true',
  '?force=true&force=true',
  '?force=ye%C5%BF',
])('the query %s is an error', async (query) => {
  const { create, process, provider } = await startService();
  await create();
  expect((await process(1, query)).json()).toMatchObject({ status: 422, errors: [{ loc: ['query', 'force'] }] });
  expect(provider.requests).toHaveLength(0);
});

test('a bad id and a bad force are both listed', async () => {
  const { process } = await startService();
  const { errors } = (await process('x' as unknown as number, '?force=maybe')).json();
  expect(errors.map(({ loc }: { loc: string[] }) => loc)).toEqual([
    ['path', 'id'],
    ['query', 'force'],
  ]);
});

test('a force at the same time as a request that only reads makes its own run', async () => {
  const { create, process, provider } = await startService();
  await create();
  await process(1);
  await Promise.all([process(1), process(1, '?force=true')]);
  expect(provider.requests).toHaveLength(2);
});
