import { expect, test } from 'vitest';
import { completed } from '../../testing/provider.ts';
import { withTickets } from '../../testing/service.ts';

test.each([
  ['answers', completed(), 200],
  ['fails', { status: 400, body: { error: { code: 'x' } } }, 502],
])(
  'connections to a provider that %s are kept, and no more are made than calls under way',
  async (_name, behaviour, status) => {
    const { process, provider } = await withTickets(40, { concurrency: 4 });
    provider.respond(behaviour);
    const ids = Array.from({ length: 40 }, (_, i) => i + 1);
    const answers = await Promise.all(ids.map((id) => process(id)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(40).fill(status));
    expect(provider.requests).toHaveLength(40);
    expect(provider.connections().made).toBeLessThanOrEqual(4);
  },
);

test('calls that are given up take their connections with them, and no others are made', async () => {
  const { process, provider } = await withTickets(12, { concurrency: 3, attemptTimeoutMs: 100 });
  provider.respond(() => () => {});
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => process(i + 1)));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(12).fill(504));
  await expect.poll(provider.connections).toEqual({ made: 12, open: 0 });
});
