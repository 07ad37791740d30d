import { describe, expect, it } from 'vitest';
import { completed } from '../../testing/provider.ts';
import { withTickets } from '../../testing/service.ts';

describe('connections to the provider', () => {
  it.each([
    ['succeed', completed(), 200],
    ['fail', { status: 400, body: { error: { code: 'x' } } }, 502],
  ])('are reused by calls that %s and never exceed the concurrency', async (_name, response, status) => {
    const { process, provider } = await withTickets(40, { concurrency: 4 });
    provider.respond(response);
    const ids = Array.from({ length: 40 }, (_, i) => i + 1);
    const responses = await Promise.all(ids.map((id) => process(id)));
    expect(responses.map(({ statusCode }) => statusCode)).toEqual(Array(40).fill(status));
    expect(provider.requests).toHaveLength(40);
    expect(provider.connections().made).toBeLessThanOrEqual(4);
  });

  it('are closed when a call times out', async () => {
    const { process, provider } = await withTickets(12, { concurrency: 3, attemptTimeoutMs: 100 });
    provider.respond(() => () => {});
    const responses = await Promise.all(Array.from({ length: 12 }, (_, i) => process(i + 1)));
    expect(responses.map(({ statusCode }) => statusCode)).toEqual(Array(12).fill(504));
    await expect.poll(provider.connections).toEqual({ made: 12, open: 0 });
  });
});
