import { expect, test } from 'vitest';
import { withTickets } from '../../testing/service.ts';

test('connections to the provider are kept, and there are no more of them than calls under way', async () => {
  const { process, provider } = await withTickets(40, { concurrency: 4 });
  const ids = Array.from({ length: 40 }, (_, i) => i + 1);
  const answers = await Promise.all(ids.map((id) => process(id)));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(40).fill(200));
  expect(provider.requests).toHaveLength(40);
  expect(provider.connections()).toBeLessThanOrEqual(4);
});
