import { describe, expect, it } from 'vitest';
import { createMetrics } from '../observability/metrics.ts';
import { makeClaimOptions } from '../testing/fixtures.ts';
import { completed } from '../testing/provider.ts';
import { startService } from '../testing/service.ts';

type App = Awaited<ReturnType<typeof startService>>['app'];

/** The samples of a scrape: `name{labels}` and value. */
async function scrape(app: App): Promise<Record<string, number>> {
  const response = await app.inject('/metrics');
  expect(response.headers['content-type']).toMatch('text/plain; version=0.0.4');
  return parseSamples(response.body);
}

function parseSamples(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

const LLM_LABELS =
  'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-test",prompt_version="v1"';

const requestCount = (route: string, method: string, status: number, errorType = '') =>
  `http_server_request_duration_seconds_count{http_route="${route}",http_request_method="${method}",` +
  `http_response_status_code="${status}",error_type="${errorType}"}`;

describe('GET /metrics', () => {
  it('has every counter at 0 before the first request', async () => {
    const { app } = await startService();
    expect(await scrape(app)).toMatchObject({
      [`gen_ai_client_operation_duration_seconds_count{${LLM_LABELS},outcome="ok"}`]: 0,
      [`gen_ai_client_operation_attempts_total{${LLM_LABELS},outcome="ok"}`]: 0,
      [`gen_ai_client_operation_duration_seconds_count{${LLM_LABELS},outcome="llm_timeout"}`]: 0,
      [`gen_ai_client_operation_attempts_total{${LLM_LABELS},outcome="llm_timeout"}`]: 0,
      [`gen_ai_client_inference_usage_input_tokens_total{${LLM_LABELS},outcome="ok"}`]: 0,
      [`gen_ai_client_inference_usage_output_tokens_total{${LLM_LABELS},outcome="ok"}`]: 0,
      [`gen_ai_client_inference_usage_cache_read_input_tokens_total{${LLM_LABELS},outcome="ok"}`]: 0,
      [`ticket_service_build_info{version="0.0.0",node_version="${process.version}"}`]: 1,
      ticket_service_requests_coalesced_total: 0,
      ticket_service_runs_reclaimed_total: 0,
      ticket_service_db_commit_writes_count: 0,
      ticket_service_db_commit_duration_seconds_count: 0,
      'ticket_service_tickets{status="new"}': 0,
      process_resident_memory_bytes: expect.any(Number),
    });
  });

  it('counts requests, model calls, attempts, tokens, tickets and writes', async () => {
    const { app, create, process, provider } = await startService({ maxAttempts: 2 });
    for (let i = 0; i < 5; i += 1) await create();
    await Promise.all([process(1), process(1), process(1)]);
    await process(1);
    await process(2);
    provider.respond({ status: 401, body: { error: {} } });
    await process(3);
    const responses = [{ status: 500, body: {} }, completed()];
    provider.respond(() => responses.shift() ?? completed());
    await process(4);
    provider.respond(completed('no JSON'));
    await process(5);
    for (const url of ['/tickets/1', '/tickets/2', '/tickets/9', '/unknown']) await app.inject(url);

    expect(await scrape(app)).toMatchObject({
      [requestCount('/tickets', 'POST', 201)]: 5,
      [requestCount('/tickets/:id/process', 'POST', 200)]: 6,
      [requestCount('/tickets/:id/process', 'POST', 502, 'llm_unauthorized')]: 1,
      [requestCount('/tickets/:id/process', 'POST', 502, 'llm_invalid_output')]: 1,
      [requestCount('/tickets/:id', 'GET', 200)]: 2,
      [requestCount('/tickets/:id', 'GET', 404, 'ticket_not_found')]: 1,
      [requestCount('', 'GET', 404, 'not_found')]: 1,
      [`gen_ai_client_operation_duration_seconds_count{${LLM_LABELS},outcome="ok"}`]: 3,
      [`gen_ai_client_operation_duration_seconds_count{${LLM_LABELS},outcome="llm_unauthorized"}`]: 1,
      [`gen_ai_client_operation_duration_seconds_count{${LLM_LABELS},outcome="llm_invalid_output"}`]: 1,
      [`gen_ai_client_operation_attempts_total{${LLM_LABELS},outcome="ok"}`]: 3,
      [`gen_ai_client_operation_attempts_total{${LLM_LABELS},outcome="llm_unavailable"}`]: 1,
      [`gen_ai_client_operation_attempts_total{${LLM_LABELS},outcome="llm_invalid_output"}`]: 2,
      [`gen_ai_client_inference_usage_input_tokens_total{${LLM_LABELS},outcome="ok"}`]: 3 * 120,
      [`gen_ai_client_inference_usage_input_tokens_total{${LLM_LABELS},outcome="llm_invalid_output"}`]: 2 * 120,
      [`gen_ai_client_inference_usage_output_tokens_total{${LLM_LABELS},outcome="ok"}`]: 3 * 40,
      [`gen_ai_client_inference_usage_cache_read_input_tokens_total{${LLM_LABELS},outcome="ok"}`]: 3 * 64,
      ticket_service_requests_coalesced_total: 2,
      ticket_service_llm_calls_active: 0,
      ticket_service_llm_calls_queued: 0,
      'ticket_service_tickets{status="new"}': 0,
      'ticket_service_tickets{status="done"}': 3,
      'ticket_service_tickets{status="failed"}': 2,
      'ticket_service_tickets{status="processing"}': 0,
      ticket_service_db_commit_writes_sum: 5 + 5 * 2, // tickets; claims and ends of runs
    });
  });

  it('reports active and queued model calls', async () => {
    const { app, create, process, provider } = await startService({ concurrency: 2 });
    for (let i = 0; i < 5; i += 1) await create();
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof completed>>();
    provider.respond(() => promise);
    const runs = [1, 2, 3, 4, 5].map((id) => process(id));
    await expect
      .poll(() => scrape(app))
      .toMatchObject({ ticket_service_llm_calls_active: 2, ticket_service_llm_calls_queued: 3 });
    resolve(completed());
    await Promise.all(runs);
    expect(await scrape(app)).toMatchObject({ ticket_service_llm_calls_active: 0, ticket_service_llm_calls_queued: 0 });
  });

  it('counts a run that was reclaimed after its lease had expired', async () => {
    const { app, create, process, store } = await startService({ leaseMs: 20 });
    await create();
    await store.runs.claimRun(1, makeClaimOptions({ force: false, claim: true }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await process(1)).statusCode).toBe(200);
    expect(await scrape(app)).toMatchObject({ ticket_service_runs_reclaimed_total: 1 });
  });

  it('has one series for all unknown paths and methods', async () => {
    const { app } = await startService();
    await app.inject({ method: 'PROPFIND' as 'GET', url: '/tickets/1' });
    for (let i = 0; i < 20; i += 1) await app.inject(`/unknown/${i}`);
    const names = Object.keys(await scrape(app)).filter((name) =>
      name.startsWith('http_server_request_duration_seconds_count'),
    );
    expect(names).toHaveLength(2);
    expect(names.join()).not.toMatch(/PROPFIND|unknown/);
  });
});

describe('createMetrics', () => {
  it('omits the ticket counts while the storage is unavailable', async () => {
    const metrics = createMetrics({ version: '1.2.3' });
    let isAvailable = true;
    metrics.registerCollectors({
      limiter: () => ({ active: 1, queued: 2 }),
      processor: () => ({ coalesced: 3, reclaimed: 4 }),
      tickets: async () => {
        if (!isAvailable) throw new Error('storage_unavailable');
        return { new: 5 };
      },
      costOfDay: async () => 0,
    });
    expect(parseSamples(await metrics.registry.metrics())).toHaveProperty(['ticket_service_tickets{status="new"}'], 5);
    isAvailable = false;
    const samples = parseSamples(await metrics.registry.metrics());
    expect(samples).not.toHaveProperty(['ticket_service_tickets{status="new"}']);
    expect(samples).toMatchObject({ ticket_service_llm_calls_active: 1, ticket_service_runs_reclaimed_total: 4 });
  });

  it('gives the suffix _total to counters only', async () => {
    const { registry } = createMetrics({ version: '1.2.3' });
    const misnamed = (await registry.getMetricsAsJSON()).filter(
      ({ name, type }) => name.endsWith('_total') !== (String(type) === 'counter'),
    );
    expect(misnamed).toEqual([]);
  });
});
