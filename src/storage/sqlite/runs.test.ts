import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../../testing/folder.ts';
import { openStorage } from '../open.ts';

const LEASE_MS = 300;

/** Two stores on one file are what two processes have. */
async function twoStores() {
  const path = `${temporaryFolder()}/app.db`;
  const [ours, theirs] = [openStorage(path, { leaseMs: LEASE_MS }), openStorage(path, { leaseMs: LEASE_MS })];
  onTestFinished(() => {
    ours.close();
    theirs.close();
  });
  await ours.tickets.create({ raw_text: 'x', source: 'web' });
  return { path, ours, theirs };
}

const result = (summary: string) => ({
  ...{ ticket_id: 1, summary, category: 'other' as const, reply_draft: 'r', model: 'm', prompt_version: 'v1' },
  ...{ openai_request_id: null, latency_ms: 1, input_tokens: null, output_tokens: null, total_tokens: null },
  cached_tokens: null,
});
const force = { force: true, claim: true };
const reuse = { force: false, claim: true };

test('a ticket that is not there has no runs', async () => {
  const { ours } = await twoStores();
  expect(await ours.runs.claimRun(2, force)).toBeUndefined();
});

test('a run that one process has started is under way for the other, which sees what comes of it', async () => {
  const { ours, theirs } = await twoStores();
  expect(await ours.runs.claimRun(1, force)).toEqual({ state: 'claimed', run: 1, text: 'x', wasReclaimed: false });
  expect(await theirs.runs.claimRun(1, force)).toEqual({ state: 'running', run: 1 });
  expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'running', run: 1 });
  const stored = await ours.runs.completeRun(1, result('ours'));
  expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'stored', result: stored });
  expect(await theirs.runs.claimRun(1, reuse)).toEqual({ state: 'stored', result: stored });
  expect(await theirs.runs.claimRun(1, force)).toMatchObject({ state: 'claimed' });
});

test('a stored result is not reused while a run is under way', async () => {
  const { ours, theirs } = await twoStores();
  await ours.runs.claimRun(1, force);
  const stored = await ours.runs.completeRun(1, result('old'));
  expect(await theirs.runs.findCachedResult(1)).toEqual(stored);
  await ours.runs.claimRun(1, force);
  expect(await theirs.runs.findCachedResult(1)).toBeUndefined();
});

test('why a run failed is told to the other process, and the next run starts all the same', async () => {
  const { ours, theirs } = await twoStores();
  await ours.runs.claimRun(1, force);
  const failure = { code: 'llm_refused', message: 'refused', openai_request_id: 'req_1' } as const;
  await ours.runs.failRun(1, 1, failure);
  expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'failed', failure });
  expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'failed' });
  expect(await theirs.runs.claimRun(1, reuse)).toMatchObject({ state: 'claimed' });
  expect(await ours.runs.getRunState(1, 2)).toEqual({ state: 'running', run: 2 });
});

test('who waits for a run gets what it stored, also when the next one is under way or has failed', async () => {
  const { ours, theirs } = await twoStores();
  await ours.runs.claimRun(1, force);
  const stored = await ours.runs.completeRun(1, result('first'));
  await ours.runs.claimRun(1, force);
  expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'stored', result: stored });
  await ours.runs.failRun(1, 2, { code: 'llm_refused', message: 'refused' });
  expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'stored', result: stored });
  expect(await theirs.runs.getRunState(1, 2)).toMatchObject({ state: 'failed' });
});

test('without a place in the line nothing is started, but what is there is told', async () => {
  const { ours, theirs } = await twoStores();
  const look = { force: true, claim: false };
  expect(await ours.runs.claimRun(1, look)).toEqual({ state: 'unclaimed' });
  expect(await ours.tickets.findById(1)).toMatchObject({ status: 'new' });
  await ours.runs.claimRun(1, force);
  expect(await theirs.runs.claimRun(1, look)).toEqual({ state: 'running', run: 1 });
});

test('a run that was settled while its owner stood still is `processing` again when it goes on', async () => {
  const { ours, theirs } = await twoStores();
  await ours.runs.claimRun(1, force);
  await sleep(LEASE_MS + 20);
  await theirs.runs.recoverExpiredRuns();
  expect(await ours.tickets.findById(1)).toMatchObject({ status: 'failed' });
  expect(await ours.runs.renewLeases([1])).toEqual([1]);
  expect(await ours.tickets.findById(1)).toMatchObject({ status: 'processing' });
});

test('a run that is over is not renewed', async () => {
  const { ours, theirs } = await twoStores();
  await ours.runs.claimRun(1, force);
  await ours.runs.failRun(1, 1, { code: 'llm_refused', message: 'refused' });
  expect(await ours.runs.renewLeases([1])).toEqual([]);
  expect(await theirs.runs.claimRun(1, force)).toMatchObject({ state: 'claimed' });
});

test('a run that is given up can be started anew at once', async () => {
  const { ours, theirs } = await twoStores();
  await ours.runs.claimRun(1, force);
  await ours.runs.releaseRun(1, 1);
  expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'released' });
  expect(await theirs.runs.claimRun(1, force)).toMatchObject({ state: 'claimed' });
});

test('a run lasts as long as it is renewed, and is free soon after', async () => {
  const { ours, theirs } = await twoStores();
  await ours.runs.claimRun(1, force);
  for (let i = 0; i < 6; i += 1) {
    await sleep(LEASE_MS / 3);
    await ours.runs.renewLeases([1]);
    await theirs.runs.recoverExpiredRuns();
  }
  expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'running', run: 1 });
  expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'processing' });

  await ours.runs.renewLeases([]); // not this one
  await sleep(LEASE_MS + 20);
  expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'released' });
  await theirs.runs.recoverExpiredRuns();
  expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'failed' });
});

test('an abandoned re-run leaves the ticket `done`, with its older result', async () => {
  const { ours, theirs } = await twoStores();
  await ours.runs.claimRun(1, force);
  const stored = await ours.runs.completeRun(1, result('old'));
  await ours.runs.claimRun(1, force);
  await sleep(LEASE_MS + 20);
  await theirs.runs.recoverExpiredRuns();
  expect(await theirs.tickets.findById(1)).toMatchObject({ status: 'done' });
  expect(await theirs.results.findByTicketId(1)).toEqual(stored);
});

test('a process that stood still stores nothing over what another has stored since', async () => {
  const { ours, theirs } = await twoStores();
  await ours.runs.claimRun(1, force);
  await sleep(LEASE_MS + 20);
  await theirs.runs.claimRun(1, force);
  expect(await ours.runs.renewLeases([1])).toEqual([]);
  expect(await ours.runs.completeRun(1, result('while theirs runs'))).toBeUndefined();
  expect(await ours.runs.failRun(1, 1, { code: 'llm_timeout', message: 'late' })).toBe(false);
  expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'running', run: 2 });
  const stored = await theirs.runs.completeRun(2, result('theirs'));
  expect(await ours.runs.getRunState(1, 1)).toEqual({ state: 'stored', result: stored });
  expect(stored).toMatchObject({ summary: 'theirs' });
  expect(await ours.runs.completeRun(1, result('after theirs'))).toBeUndefined();
  expect(await ours.results.findByTicketId(1)).toEqual(stored);
  expect(await ours.tickets.findById(1)).toMatchObject({ status: 'done' });
});

test('a process that stood still stores its result if nobody took over', async () => {
  const { ours, theirs } = await twoStores();
  await ours.runs.claimRun(1, force);
  await sleep(LEASE_MS + 20);
  await theirs.runs.recoverExpiredRuns();
  expect(await ours.runs.completeRun(1, result('late'))).toMatchObject({ summary: 'late' });
  expect(await ours.tickets.findById(1)).toMatchObject({ status: 'done' });
});

test('a run from before the clock was set back does not last for ever', async () => {
  const { ours, theirs } = await twoStores();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
  await ours.runs.claimRun(1, force);
  vi.useRealTimers();
  expect(await theirs.runs.getRunState(1, 1)).toEqual({ state: 'released' });
});

test('tickets left `processing` by a server without runs are settled', async () => {
  const { path, ours } = await twoStores();
  const sqlite = new Database(path);
  onTestFinished(() => void sqlite.close());
  sqlite.exec("UPDATE tickets SET status = 'processing'");
  await ours.runs.recoverExpiredRuns();
  expect(await ours.tickets.findById(1)).toMatchObject({ status: 'failed' });
});

test('the search for abandoned runs reads no other tickets', async () => {
  const { path } = await twoStores();
  const sqlite = new Database(path);
  onTestFinished(() => void sqlite.close());
  const plan = sqlite
    .prepare("EXPLAIN QUERY PLAN UPDATE tickets SET status = 'done' WHERE \"status\" = 'processing'")
    .all();
  expect(JSON.stringify(plan)).toMatch('tickets_status');
});
