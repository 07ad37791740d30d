import { expect, test } from 'vitest';
import { completed } from '../testing/provider.ts';
import { startService } from '../testing/service.ts';

/** The samples of a scrape: `name{labels}` and value. */
async function scrape(app: Awaited<ReturnType<typeof startService>>['app']): Promise<Record<string, number>> {
  const response = await app.inject('/metrics');
  expect(response.headers['content-type']).toMatch('text/plain; version=0.0.4');
  const lines = response.body.split('\n').filter((line) => line && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

const KNOWN =
  'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-test",prompt_version="v1"';

test('the metrics say what was sent', async () => {
  const { app, create, process, provider } = await startService({ maxAttempts: 2 });
  for (let i = 0; i < 5; i += 1) await create();
  await Promise.all([process(1), process(1), process(1)]);
  await process(1);
  await process(2);
  provider.respond({ status: 401, body: { error: {} } });
  await process(3);
  const behaviours = [{ status: 500, body: {} }, completed()];
  provider.respond(() => behaviours.shift() ?? completed());
  await process(4);
  provider.respond(completed('no JSON'));
  await process(5);
  for (const url of ['/tickets/1', '/tickets/2', '/tickets/9', '/nowhere/1', '/nowhere/2']) await app.inject(url);

  const request = (route: string, method: string, status: number) =>
    `http_server_request_duration_seconds_count{route="${route}",method="${method}",status="${status}"}`;
  expect(await scrape(app)).toMatchObject({
    [request('/tickets', 'POST', 201)]: 5,
    [request('/tickets/:id/process', 'POST', 200)]: 6,
    [request('/tickets/:id/process', 'POST', 502)]: 2,
    [request('/tickets/:id', 'GET', 200)]: 2,
    [request('/tickets/:id', 'GET', 404)]: 1,
    [request('none', 'GET', 404)]: 2,
    [`gen_ai_client_operation_duration_seconds_count{${KNOWN},outcome="ok"}`]: 3,
    [`gen_ai_client_operation_duration_seconds_count{${KNOWN},outcome="llm_unauthorized"}`]: 1,
    [`gen_ai_client_operation_attempts_total{${KNOWN},outcome="ok"}`]: 3,
    [`gen_ai_client_operation_attempts_total{${KNOWN},outcome="llm_unavailable"}`]: 1,
    [`gen_ai_client_inference_usage_input_tokens_total{${KNOWN},outcome="ok"}`]: 360,
    [`gen_ai_client_inference_usage_input_tokens_total{${KNOWN},outcome="llm_invalid_output"}`]: 2 * 120,
    [`gen_ai_client_inference_usage_output_tokens_total{${KNOWN},outcome="ok"}`]: 120,
    [`gen_ai_client_inference_usage_cache_read_input_tokens_total{${KNOWN},outcome="ok"}`]: 192,
    ticket_requests_joined_total: 2,
    ticket_runs_taken_over_total: 0,
    model_calls_running: 0,
    model_calls_waiting: 0,
    'tickets{status="new"}': 0,
    'tickets{status="done"}': 3,
    'tickets{status="failed"}': 2,
    'tickets{status="processing"}': 0,
    db_commit_writes_sum: 5 + 5 * 2, // creates; starts and ends of runs
    process_resident_memory_bytes: expect.any(Number),
  });
});

test('calls that run and runs that wait are counted as they are now', async () => {
  const { app, create, process, provider } = await startService({ concurrency: 2 });
  for (let i = 0; i < 5; i += 1) await create();
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof completed>>();
  provider.respond(() => promise);
  const runs = [1, 2, 3, 4, 5].map((id) => process(id));
  await expect.poll(() => scrape(app)).toMatchObject({ model_calls_running: 2, model_calls_waiting: 3 });
  resolve(completed());
  await Promise.all(runs);
  expect(await scrape(app)).toMatchObject({ model_calls_running: 0, model_calls_waiting: 0 });
});

test('a run that was taken over from a process that is gone is counted', async () => {
  const { app, create, process, store } = await startService({ leaseMs: 20 });
  await create();
  await store.runs.claimRun(1, { force: false, claim: true }); // and then nothing is heard of it
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await process(1)).statusCode).toBe(200);
  expect(await scrape(app)).toMatchObject({ ticket_runs_taken_over_total: 1 });
});

test('strangers cannot make more and more labels', async () => {
  const { app } = await startService();
  await app.inject({ method: 'PROPFIND' as 'GET', url: '/tickets/1' });
  for (let i = 0; i < 20; i += 1) await app.inject(`/stranger/${i}`);
  const names = Object.keys(await scrape(app)).filter((name) =>
    name.startsWith('http_server_request_duration_seconds_count'),
  );
  expect(names).toHaveLength(2);
});
