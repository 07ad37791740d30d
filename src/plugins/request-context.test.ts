import { expect, test } from 'vitest';
import { startService } from '../testing/service.ts';
import { exchange } from '../testing/socket.ts';

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

test.each(['/health', '/tickets/1', '/nowhere', '/tickets/%zz', '/openapi.json'])(
  'the answer to %s has the security headers',
  async (url) => {
    const { app } = await startService();
    expect((await app.inject(url)).headers).toMatchObject(HEADERS);
  },
);

test('so has the answer to what is no HTTP', async () => {
  const { app } = await startService();
  const answer = await exchange(await app.listen({ host: '127.0.0.1', port: 0 }), 'nonsense\r\n\r\n');
  for (const [name, value] of Object.entries(HEADERS)) expect(answer).toContain(`${name}: ${value}\r\n`);
});

test("a client's own request id is in the answer, the log and the problem document", async () => {
  const { app, log } = await startService();
  const response = await app.inject({ url: '/tickets/1', headers: { 'x-request-id': 'trace-1.a:b_c' } });
  expect(response.headers['x-request-id']).toBe('trace-1.a:b_c');
  expect(response.json()).toMatchObject({ request_id: 'trace-1.a:b_c' });
  expect(JSON.parse(log[0] ?? '')).toMatchObject({ reqId: 'trace-1.a:b_c' });
});

test.each(['', 'x'.repeat(129), 'two words', '"}', 'é', '<script>'])('%j is no id that is kept', async (id) => {
  const { app } = await startService();
  const response = await app.inject({ url: '/health', headers: { 'x-request-id': id } });
  expect(response.headers['x-request-id']).toMatch(/^[0-9a-f]{8}-\d+$/);
});
