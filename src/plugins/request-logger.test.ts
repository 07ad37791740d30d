import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { completed } from '../testing/provider.ts';
import { startService, withTickets } from '../testing/service.ts';

const requestsIn = (log: string[]) => log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');

test('a request whose client hangs up has its line, with status 499, and counts', async () => {
  const { app, log, provider, read } = await withTickets(1, {});
  provider.respond(async () => {
    await sleep(300);
    return completed();
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const signal = AbortSignal.timeout(100);
  const headers = { 'x-request-id': 'impatient' };
  await expect(fetch(`${url}/tickets/1/process`, { method: 'POST', headers, signal })).rejects.toThrow();
  await expect.poll(async () => (await read('/tickets/1')).status).toBe('done');
  await sleep(50);
  const lines = requestsIn(log).filter(({ reqId }) => reqId === 'impatient');
  expect(lines).toMatchObject([{ method: 'POST', route: '/tickets/:id/process', status: 499 }]);
  expect((await app.inject('/metrics')).body).toMatch(/_count\{route="\/tickets\/:id\/process",.*status="499"\} 1/);
});

test('a path that cannot be decoded has its line, too', async () => {
  const { app, log } = await startService();
  const { request_id } = (await app.inject('/tickets/%ff')).json();
  expect(requestsIn(log)).toMatchObject([{ reqId: request_id, status: 400 }]);
});

test('the line of a request that is refused has the address it came from, others have not', async () => {
  const { app, log } = await startService({ app: { apiKeys: [{ name: 'a', key: 'k'.repeat(20) }] } });
  await app.inject({ url: '/tickets/1', remoteAddress: '192.0.2.1' });
  await app.inject({ url: '/tickets/1', remoteAddress: '192.0.2.1', headers: { 'x-api-key': 'k'.repeat(20) } });
  expect(requestsIn(log).map(({ status, ip }) => [status, ip])).toEqual([
    [401, '192.0.2.1'],
    [404, undefined],
  ]);
});
