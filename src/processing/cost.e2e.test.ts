import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { afterAllTests } from '../testing/clean-up.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../testing/fixtures.ts';
import { completed, OUTPUT } from '../testing/provider.ts';
import { shareService, withTickets } from '../testing/service.ts';
import { STORAGES } from '../testing/storages.ts';

/** An answer uses 120 input tokens, 64 of them cached, and 40 output tokens: 56 × 0.15 + 64 × 0.075 + 40 × 0.6. */
const ANSWER_USD = (8.4 + 4.8 + 24) / 1_000_000;
const DAY = new Date().toISOString().slice(0, 10);
const TODAY = { from: DAY, to: '9999-12-31' };
/** The answer of a model without a price. */
const UNKNOWN = completed(OUTPUT, { model: 'gpt-unknown' });

describe.each(STORAGES)('over $name', ({ createDatabase }) => {
  const cleanUp = afterAllTests();
  const shared = shareService(async () => ({ database: (await createDatabase(cleanUp)).url }));

  describe('the cost of a run', () => {
    it('is that of its only call', async () => {
      const { create, process, provider, store } = await shared();
      const { id } = await create();
      provider.respond(completed());
      await process(id);
      const run = await store.runs.findRun(id, 1);
      expect(run).toMatchObject({ attempts: 1, input_tokens: 120, output_tokens: 40, cached_tokens: 64 });
      expect(run).toMatchObject({ provider: 'openai', model: 'gpt-4o-mini-2024-07-18', prompt_version: 'v1' });
      expect(run?.cost_usd).toBeCloseTo(ANSWER_USD, 12);
    });

    it('is the sum of its calls whose usage and price are known', async () => {
      const { process, provider, store } = await withTickets(1, {
        database: (await createDatabase()).url,
        maxAttempts: 3,
      });
      const answers = [completed('no JSON'), { status: 500, body: {} }, completed()];
      provider.respond(() => answers.shift() ?? completed());
      expect((await process(1)).json()).toMatchObject({ input_tokens: 120 });
      const run = await store.runs.findRun(1, 1);
      // The first answer was invalid, so its model is the configured one, which has no price here.
      expect(run).toMatchObject({ status: 'succeeded', attempts: 3, input_tokens: 240, total_tokens: 320 });
      expect(run?.cost_usd).toBeCloseTo(ANSWER_USD, 12);
    });

    it('is null for a model without a price', async () => {
      const { create, process, provider, store } = await shared();
      const { id } = await create();
      provider.respond(UNKNOWN);
      await process(id);
      expect(await store.runs.findRun(id, 1)).toMatchObject({
        model: 'gpt-unknown',
        input_tokens: 120,
        cost_usd: null,
      });
    });

    it('includes failed runs', async () => {
      const prices = { 'gpt-test': { input: 1, output: 2 } };
      const { process, provider, store } = await withTickets(1, {
        database: (await createDatabase()).url,
        maxAttempts: 2,
        prices,
      });
      provider.respond(completed('no JSON'));
      expect((await process(1)).json()).toMatchObject({ code: 'llm_invalid_output' });
      const run = await store.runs.findRun(1, 1);
      expect(run).toMatchObject({ status: 'failed', error_code: 'llm_invalid_output', attempts: 2, input_tokens: 240 });
      expect(run?.cost_usd).toBeCloseTo((2 * (120 + 2 * 40)) / 1e6, 12);
    });

    it('counts the attempt that the time limit of the run aborts', async () => {
      const { process, provider, store } = await withTickets(1, {
        database: (await createDatabase()).url,
        timeoutMs: 200,
      });
      provider.respond(() => () => {});
      expect((await process(1)).json()).toMatchObject({ code: 'llm_timeout' });
      expect(await store.runs.findRun(1, 1)).toMatchObject({ status: 'failed', attempts: 1, cost_usd: null });
    });
  });

  describe('a daily budget', () => {
    it('answers 503 budget_exhausted until midnight UTC, also for the runs of another process', async () => {
      const database = await createDatabase();
      const options = { database: database.url, dailyBudgetUsd: 0.01 };
      const { app, process, provider, read } = await withTickets(3, options);
      const other = await database.open();
      expect((await process(1)).statusCode).toBe(200);
      const remaining = /^ticket_service_llm_budget_remaining_usd (.+)$/m;
      const scrape = async () => (await app.inject('/metrics')).body;
      expect(Number(remaining.exec(await scrape())?.[1])).toBeCloseTo(0.01 - ANSWER_USD, 12);

      await other.runs.claimRun(2, makeClaimOptions());
      await other.runs.completeRun(1, makeNewResult({ ticket_id: 2 }), makeRunUsage({ cost_usd: 0.01 }));
      const refused = await process(3);
      expect(refused.json()).toMatchObject({ status: 503, code: 'budget_exhausted' });
      const retryAfter = Number(refused.headers['retry-after']);
      const untilMidnight = (new Date().setUTCHours(24, 0, 0, 0) - Date.now()) / 1000;
      expect(Math.abs(retryAfter - untilMidnight)).toBeLessThan(30);
      expect(await read('/tickets/3')).toMatchObject({ status: 'new' });

      expect((await process(1)).statusCode).toBe(200); // stored
      expect((await process(1, '?force=true')).json()).toMatchObject({ code: 'budget_exhausted' });
      expect(provider.requests).toHaveLength(1);
      expect(remaining.exec(await scrape())?.[1]).toBe('0');
      expect(await scrape()).toMatch(
        /^ticket_service_llm_cost_usd_total\{model="gpt-test",prompt_version="v1"\} 0\.0000372/m,
      );
    });

    it('makes no call for runs that were queued when it was used up', async () => {
      const { process, provider, read, store } = await withTickets(4, {
        database: (await createDatabase()).url,
        dailyBudgetUsd: ANSWER_USD,
        concurrency: 1,
      });
      provider.respond(async () => {
        await expect.poll(async () => (await read('/tickets?status=processing')).data.length).toBe(4);
        return completed();
      });
      const answers = await Promise.all([1, 2, 3, 4].map((id) => process(id)));
      expect(provider.requests).toHaveLength(1);
      expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 503, 503, 503]);
      const refused = answers.find(({ statusCode }) => statusCode === 503);
      expect(refused?.json()).toMatchObject({ code: 'budget_exhausted' });
      expect(refused?.headers).toHaveProperty('retry-after');
      const failed = await store.usage.report({ ...TODAY, groupBy: 'error_code' });
      expect(failed.data).toMatchObject([{ group: null }, { group: 'budget_exhausted', runs: { failed: 3 } }]);
    });

    it('lets requests join a run under way', async () => {
      const database = await createDatabase();
      const { process } = await withTickets(2, { database: database.url, dailyBudgetUsd: 0.01 });
      const other = await database.open();
      await other.runs.claimRun(1, makeClaimOptions());
      await other.runs.claimRun(2, makeClaimOptions());
      await other.runs.completeRun(1, makeNewResult({ ticket_id: 2 }), makeRunUsage({ cost_usd: 1 }));
      const joined = process(1);
      await sleep(100);
      const stored = await other.runs.completeRun(1, makeNewResult(), makeRunUsage());
      expect((await joined).json()).toEqual(stored);
    });
  });

  describe('deletion of a ticket during its run', () => {
    it.each(['ends', 'is aborted by the heartbeat'])(
      'discards the answer and answers 404 when the call %s',
      async (end) => {
        const { create, process, processor, provider, store } = await shared();
        const { id } = await create();
        const earlier = provider.requests.length;
        const { promise, resolve } = Promise.withResolvers<ReturnType<typeof completed>>();
        provider.respond(() => promise);
        const waiting = [process(id), process(id, '?force=true'), process(id)];
        await expect.poll(() => provider.requests.length).toBe(earlier + 1);
        expect(await store.tickets.delete(id)).toBe(true);
        if (end === 'ends') resolve(completed());
        else await processor.heartbeat();
        for (const response of await Promise.all(waiting)) {
          expect(response.json()).toMatchObject({ status: 404, code: 'ticket_not_found' });
        }
        resolve(completed());
        expect(await store.results.findByTicketId(id)).toBeUndefined();
        expect(provider.requests).toHaveLength(earlier + 1);
      },
    );
  });
});
